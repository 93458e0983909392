namespace Kappa.Iot.Embedded.Tests.Properties;

/// <summary>A producer as the model keeps it.</summary>
internal sealed class ModelProducer(long id)
{
    public long Id => id;

    public short Epoch { get; set; }

    public int NextSequence { get; set; }

    /// <summary>The coordinator has a transaction of it.</summary>
    public bool InTransaction { get; set; }

    /// <summary>The first offset of its open transaction, or -1.</summary>
    public long TransactionStart { get; set; } = -1;

    /// <summary>Its last batches, at most five, as they were sent, and the offsets they got.</summary>
    public List<(byte[] Batch, long Offset)> Last { get; } = [];

    public void StartEpoch(short epoch)
    {
        Epoch = epoch;
        NextSequence = 0;
        Last.Clear();
    }

    public void Sent(byte[] batch, long offset, int records)
    {
        if (Last.Count == 5)
            Last.RemoveAt(0);
        Last.Add((batch, offset));
        NextSequence += records;
    }
}
