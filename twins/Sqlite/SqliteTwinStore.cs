using Confluent.Kafka;
using Microsoft.Data.Sqlite;

namespace Kappa.Iot.Twins.Sqlite;

/// <summary>
/// Twins in one SQLite file: a JSON document a vehicle, with what is searched for in columns beside it. Updates and progress go into one
/// transaction, so the file is always what the log says up to its progress. One writes at a time, any number read meanwhile, in any process.
/// </summary>
internal sealed class SqliteTwinStore(string path) : ITwinStore
{
    private readonly SqliteFile _file = new(path);

    public Task InitializeAsync(CancellationToken cancel) => RunAsync(_ => true, cancel);

    public Task<TwinWrite> ApplyAsync(IReadOnlyList<TwinUpdate> updates, IReadOnlyList<TopicPartitionOffset> progress, CancellationToken cancel)
    {
        var vehicles = TwinFold.Coalesce(updates);
        return RunAsync(connection =>
        {
            // Not deferred: reading first and asking for the lock later would fail under another writer.
            using var transaction = connection.BeginTransaction(deferred: false);
            using var documents = new SqliteTwinDocuments(connection, transaction);
            var stale = 0;
            foreach (var (vin, (news, count, effective)) in vehicles)
            {
                var state = documents.Find(vin);
                var changed = state is null || TwinFold.Join(state, news);
                if (changed) documents.Save(vin, state ?? news);
                stale += changed ? count - effective : count;
            }

            var lost = new SqliteProgress(connection, transaction).Advance(progress);
            transaction.Commit();
            return new TwinWrite(updates.Count, vehicles.Count, stale, lost);
        }, cancel);
    }

    public Task<IReadOnlyDictionary<TopicPartition, long>> FindProgressAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel) =>
        RunAsync(connection => new SqliteProgress(connection, null).Find(partitions), cancel);

    public Task StartProgressAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel) => RunAsync(connection =>
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        new SqliteProgress(connection, transaction).Start(partitions);
        transaction.Commit();
        return true;
    }, cancel);

    public Task<Twin?> FindAsync(string vin, CancellationToken cancel) => RunAsync(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT document FROM twins WHERE vin = $vin";
        command.Parameters.AddWithValue("$vin", vin);
        return command.ExecuteScalar() is string document ? TwinView.Of(vin, TwinJson.Read(document)) : null;
    }, cancel);

    public Task<IReadOnlyList<Twin>> ListAsync(TwinQuery query, CancellationToken cancel)
    {
        query.Checked();
        return RunAsync<IReadOnlyList<Twin>>(connection => List(connection, query), cancel);
    }

    public ValueTask DisposeAsync()
    {
        _file.Close();
        return ValueTask.CompletedTask;
    }

    private static List<Twin> List(SqliteConnection connection, TwinQuery query)
    {
        using var command = connection.CreateCommand();
        var where = new List<string> { "vin > $after" };
        command.Parameters.AddWithValue("$after", query.After ?? "");
        command.Parameters.AddWithValue("$limit", query.Limit);
        Where(query.Profile, "profile = $profile", "$profile");
        Where(query.Online, "online = $online", "$online");
        Where(query.HasOpenAlerts, "(open_alerts > 0) = $alerts", "$alerts");
        if (query.Within is { } box)
        {
            Where(box.South, "latitude >= $south", "$south");
            Where(box.North, "latitude <= $north", "$north");
            Where(box.West, "longitude >= $west", "$west");
            Where(box.East, "longitude <= $east", "$east");
        }

        command.CommandText = $"SELECT vin, document FROM twins WHERE {string.Join(" AND ", where)} ORDER BY vin LIMIT $limit";
        var twins = new List<Twin>();
        using var reader = command.ExecuteReader();
        while (reader.Read()) twins.Add(TwinView.Of(reader.GetString(0), TwinJson.Read(reader.GetString(1))));
        return twins;

        void Where(object? value, string condition, string name)
        {
            if (value is null) return;
            where.Add(condition);
            command.Parameters.AddWithValue(name, value);
        }
    }

    /// <summary>SQLite's calls are synchronous, so they have a thread of the pool to themselves.</summary>
    private Task<T> RunAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancel) => Task.Run(() =>
    {
        using var connection = _file.Open();
        try
        {
            return work(connection);
        }
        catch (SqliteException e)
        {
            throw _file.Unusable(e);
        }
    }, cancel);
}
