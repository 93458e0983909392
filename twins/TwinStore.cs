using Kappa.Iot.Twins.Mongo;
using Kappa.Iot.Twins.Sqlite;
using MongoDB.Driver;

namespace Kappa.Iot.Twins;

/// <summary>Opens twin stores by their connection string.</summary>
public static class TwinStore
{
    private const string SqlitePrefix = "sqlite:";
    private const string Forms = "Give sqlite:PATH (a file that is created where it is missing) or mongodb://HOST:PORT/DATABASE.";

    /// <summary>Opens a store; reaches for it only when it is first used.</summary>
    /// <param name="connectionString"><c>sqlite:PATH</c>, <c>mongodb://…</c> or <c>mongodb+srv://…</c>; the database is <c>kappa</c> unless the address names one.</param>
    /// <exception cref="ArgumentException">Not a connection string of these.</exception>
    public static ITwinStore Open(string connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString)) throw new ArgumentException($"The twin store's connection string is empty. {Forms}", nameof(connectionString));

        if (connectionString.StartsWith(SqlitePrefix, StringComparison.OrdinalIgnoreCase))
        {
            var path = connectionString[SqlitePrefix.Length..];
            if (string.IsNullOrWhiteSpace(path)) throw new ArgumentException($"The twin store's connection string '{connectionString}' has no path. {Forms}", nameof(connectionString));
            return new SqliteTwinStore(Path.GetFullPath(path));
        }

        var scheme = connectionString.Split("://", 2);
        if (scheme is not ["mongodb" or "mongodb+srv", _])
        {
            // What follows may be a password.
            var seen = scheme.Length == 2 ? $"'{scheme[0]}://…'" : "no 'sqlite:' and no 'mongodb://' in front";
            throw new ArgumentException($"The twin store's connection string is of no known kind ({seen}). {Forms}", nameof(connectionString));
        }

        try
        {
            return new MongoTwinStore(new MongoUrl(connectionString));
        }
        catch (MongoConfigurationException e)
        {
            throw new ArgumentException($"The twin store's connection string is not a MongoDB address: {WithoutAddress(e.Message, connectionString)} {Forms}", nameof(connectionString));
        }
    }

    private static string WithoutAddress(string message, string address) => message.Replace(address, "…", StringComparison.Ordinal);
}
