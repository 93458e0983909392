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
    public static ITwinStore Open(string connectionString) =>
        Check(connectionString) is { } error ? throw new ArgumentException(error, nameof(connectionString))
        : IsSqlite(connectionString) ? new SqliteTwinStore(Path.GetFullPath(connectionString[SqlitePrefix.Length..]))
        : new MongoTwinStore(new MongoUrl(connectionString));

    /// <summary>What is wrong with a connection string, never showing a password, or null. Does not reach for the store.</summary>
    internal static string? Check(string? connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString)) return $"The twin store's connection string is empty. {Forms}";
        if (IsSqlite(connectionString))
            return string.IsNullOrWhiteSpace(connectionString[SqlitePrefix.Length..]) ? $"The twin store's connection string '{connectionString}' has no path. {Forms}" : null;

        var scheme = connectionString.IndexOf("://", StringComparison.Ordinal);
        if (scheme < 0) return $"The twin store's connection string has neither 'sqlite:' nor 'mongodb://' in front. {Forms}";
        if (connectionString[..scheme] is not ("mongodb" or "mongodb+srv")) return $"The twin store's connection string '{connectionString[..scheme]}://…' is of no known kind. {Forms}";
        try
        {
            _ = new MongoUrl(connectionString);
            return null;
        }
        catch (Exception e) when (e is MongoConfigurationException or ArgumentException or FormatException)
        {
            return $"The twin store's connection string is not a MongoDB address: {e.Message.Replace(connectionString, "mongodb://…", StringComparison.Ordinal)} {Forms}";
        }
    }

    private static bool IsSqlite(string connectionString) => connectionString.StartsWith(SqlitePrefix, StringComparison.OrdinalIgnoreCase);
}
