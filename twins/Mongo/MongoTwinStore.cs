using Confluent.Kafka;
using Kappa.Iot.Contracts;
using MongoDB.Bson;
using MongoDB.Driver;

namespace Kappa.Iot.Twins.Mongo;

/// <summary>
/// Twins in a MongoDB collection: a document a vehicle, readable by hand, signals as a tree of their paths. A section is written by
/// <c>$max</c>, which compares documents field by field: what decides comes first (see <see cref="TwinState"/>), so one upsert a vehicle
/// is all it takes, no reading before and no conflict. How far the log has been read is in documents <c>progress/TOPIC/PARTITION</c> of the same
/// collection (a VIN has no '/'): who drops the collection drops both.
/// </summary>
internal sealed class MongoTwinStore : ITwinStore
{
    private const string DefaultDatabase = "kappa";
    private const string CollectionName = "twins";

    /// <summary>Operations in one command. Some servers of the protocol keep a connection for each of a command's updates, out of a hundred.</summary>
    private const int CommandSize = 90;

    private static readonly BulkWriteOptions Unordered = new() { IsOrdered = false };

    private readonly MongoClient _client;
    private readonly IMongoCollection<BsonDocument> _twins;
    private readonly string _name;

    public MongoTwinStore(MongoUrl url)
    {
        var settings = MongoClientSettings.FromUrl(url);
        settings.ApplicationName ??= "kappa-iot";
        if (url.W is null) settings.WriteConcern = WriteConcern.WMajority;
        // The driver's own half a minute is long for whoever waits for an answer.
        if (!url.Url.Contains("serverSelectionTimeout", StringComparison.OrdinalIgnoreCase)) settings.ServerSelectionTimeout = TimeSpan.FromSeconds(5);
        var database = url.DatabaseName ?? DefaultDatabase;
        _name = $"{string.Join(",", url.Servers)}/{database}";
        _client = new MongoClient(settings);
        _twins = _client.GetDatabase(database).GetCollection<BsonDocument>(CollectionName);
    }

    public Task InitializeAsync(CancellationToken cancel) => RunAsync(async () =>
    {
        // One by one: not every server of the protocol takes several of which some exist.
        foreach (var keys in MongoTwinQuery.Indexes)
            await _twins.Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(keys), cancellationToken: cancel);
        return true;
    });

    public Task<TwinWrite> ApplyAsync(IReadOnlyList<TwinUpdate> updates, IReadOnlyList<TopicPartitionOffset> progress, CancellationToken cancel) => RunAsync(async () =>
    {
        var vehicles = TwinFold.Coalesce(updates);
        var stale = 0;
        foreach (var part in vehicles.Chunk(CommandSize))
        {
            var writes = part.Select(vehicle => Upsert(vehicle.Key, MongoTwinDocument.Sections(vehicle.Value.State)));
            var result = await _twins.BulkWriteAsync(writes, Unordered, cancel);
            // The server says how many documents changed, not which: of those that did not, the batch's average number of updates was stale.
            var unchanged = part.Length - result.Upserts.Count - result.ModifiedCount;
            stale += part.Sum(v => v.Value.Updates - v.Value.Effective) + (int)(unchanged * part.Sum(v => v.Value.Effective) / part.Length);
        }

        // Only now: an error above leaves the progress where it was.
        return new TwinWrite(updates.Count, vehicles.Count, stale, await AdvanceAsync(progress, cancel));
    });

    public Task<IReadOnlyDictionary<TopicPartition, long>> FindProgressAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel) => RunAsync(async () =>
    {
        var byId = partitions.ToDictionary(MongoTwinDocument.ProgressId);
        using var found = await _twins.FindAsync(Builders<BsonDocument>.Filter.In("_id", byId.Keys), cancellationToken: cancel);
        return (IReadOnlyDictionary<TopicPartition, long>)(await found.ToListAsync(cancel))
            .ToDictionary(document => byId[document["_id"].AsString], document => document[MongoTwinDocument.Next].ToInt64());
    });

    public Task StartProgressAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel) => RunAsync(async () =>
    {
        var writes = partitions.Select(p => Upsert(MongoTwinDocument.ProgressId(p), new BsonDocument(MongoTwinDocument.Next, 0L)));
        foreach (var part in writes.Chunk(CommandSize)) await _twins.BulkWriteAsync(part, Unordered, cancel);
        return true;
    });

    public Task<Twin?> FindAsync(string vin, CancellationToken cancel) => RunAsync(async () =>
    {
        if (!VehicleId.IsValid(vin)) return null;
        using var found = await _twins.FindAsync(Id(vin), cancellationToken: cancel);
        return await found.FirstOrDefaultAsync(cancel) is { } document ? MongoTwinDocument.ToTwin(document) : null;
    });

    public Task<IReadOnlyList<Twin>> ListAsync(TwinQuery query, CancellationToken cancel) => RunAsync(async () =>
    {
        query.Checked();
        var options = new FindOptions<BsonDocument> { Sort = new BsonDocument("_id", 1), Limit = query.Limit };
        using var found = await _twins.FindAsync(MongoTwinQuery.Filter(query), options, cancel);
        return (IReadOnlyList<Twin>)(await found.ToListAsync(cancel)).ConvertAll(MongoTwinDocument.ToTwin);
    });

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<IReadOnlyList<TopicPartition>> AdvanceAsync(IReadOnlyList<TopicPartitionOffset> progress, CancellationToken cancel)
    {
        long matched = 0;
        foreach (var part in progress.Chunk(CommandSize))
        {
            var writes = part.Select(p => new UpdateOneModel<BsonDocument>(
                Id(MongoTwinDocument.ProgressId(p.TopicPartition)), new BsonDocument("$max", new BsonDocument(MongoTwinDocument.Next, p.Offset.Value))));
            matched += (await _twins.BulkWriteAsync(writes, Unordered, cancel)).MatchedCount;
        }

        if (matched == progress.Count) return [];
        var partitions = progress.Select(p => p.TopicPartition).ToList();
        var known = await FindProgressAsync(partitions, cancel);
        return [.. partitions.Where(p => !known.ContainsKey(p))];
    }

    private static UpdateOneModel<BsonDocument> Upsert(string id, BsonDocument greatest) =>
        new(Id(id), new BsonDocument("$max", greatest)) { IsUpsert = true };

    private static BsonDocument Id(string id) => new("_id", id);

    private async Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is MongoException or TimeoutException or IOException)
        {
            throw new TwinStoreException($"The twin store at mongodb://{_name} does not answer or refuses: {e.Message}", e);
        }
    }
}
