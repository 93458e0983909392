namespace Kappa.Iot.Embedded.Tests.Properties;

/// <summary>What a partition's log has to be: lists in memory.</summary>
internal sealed class LogModel
{
    public List<ModelRecord> Records { get; } = [];

    public Dictionary<long, ModelProducer> Producers { get; } = [];

    public List<(long ProducerId, long First, long Last)> Aborted { get; } = [];

    public long Start { get; set; }

    public long End => Records.Count;

    public long Stable => Producers.Values.Where(p => p.TransactionStart >= 0).Select(p => p.TransactionStart).DefaultIfEmpty(End).Min();

    public ModelProducer Producer(long id)
    {
        if (!Producers.TryGetValue(id, out var producer))
            Producers.Add(id, producer = new ModelProducer(id));
        return producer;
    }

    public IEnumerable<ModelRecord> Visible => Records.Skip((int)Start).Where(r => !r.IsMarker);

    public IEnumerable<ModelRecord> Committed => Visible.Where(r => r.Offset < Stable && !IsAborted(r));

    public bool IsAborted(ModelRecord record) =>
        record.InTransaction && Aborted.Exists(a => a.ProducerId == record.ProducerId && a.First <= record.Offset && record.Offset <= a.Last);

    public void Append(IEnumerable<(string Key, string? Value, long Timestamp)> records, ModelProducer? producer, bool transactional)
    {
        if (transactional && producer!.TransactionStart < 0)
            producer.TransactionStart = End;
        foreach (var (key, value, timestamp) in records)
            Records.Add(new ModelRecord(End, key, value, timestamp, producer?.Id ?? -1, transactional));
    }

    public void EndTransaction(ModelProducer producer, bool commit, short epoch, long timestamp)
    {
        if (producer.TransactionStart >= 0 && !commit)
            Aborted.Add((producer.Id, producer.TransactionStart, End));
        Records.Add(new ModelRecord(End, null, null, timestamp, producer.Id, IsMarker: true));
        producer.TransactionStart = -1;
        producer.InTransaction = false;
        if (epoch != producer.Epoch)
            producer.StartEpoch(epoch);
    }

    /// <summary>The last committed value of every key; keys whose last record is a tombstone are missing.</summary>
    public SortedDictionary<string, string> Latest() => Fold(Records.Where(r => !r.IsMarker && r.Offset < Stable && !IsAborted(r)));

    public static SortedDictionary<string, string> Fold(IEnumerable<ModelRecord> records)
    {
        var latest = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var record in records)
        {
            if (record.Value is null)
                latest.Remove(record.Key!);
            else
                latest[record.Key!] = record.Value;
        }

        return latest;
    }
}
