namespace Kappa.Iot.Demo.Counting;

/// <summary>Counts batches as distinct vehicle, boot and sequence.</summary>
public sealed class BatchCensus
{
    private readonly Dictionary<(string Vin, ulong Boot), SequenceSet> _seen = [];

    /// <summary>Different batches.</summary>
    public long Distinct { get; private set; }

    /// <summary>Records that said the same batch again.</summary>
    public long Duplicates { get; private set; }

    public void Add(string vin, ulong boot, ulong sequence)
    {
        if (!_seen.TryGetValue((vin, boot), out var sequences)) _seen[(vin, boot)] = sequences = new SequenceSet();
        if (sequences.Add(sequence)) Distinct++;
        else Duplicates++;
    }
}
