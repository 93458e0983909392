using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Training;

/// <summary>
/// One vehicle's batches for training, in their own order as far as <see cref="Waiting"/> allows, so that one that comes late is trained on
/// all the same.
/// </summary>
internal sealed class VehicleSeries(string vin)
{
    /// <summary>Batches that are held back to be put in order.</summary>
    public const int Waiting = 16;

    private readonly SortedDictionary<(ulong Boot, ulong Sequence), TelemetryBatch> _waiting = [];
    private readonly List<TelemetryBatch> _batches = [];
    private (ulong Boot, ulong Sequence)? _last;
    private long _takenMs;

    public string Vin { get; } = vin;

    public ulong Hash { get; } = StableHash.Of(vin);

    public IReadOnlyList<TelemetryBatch> Batches => _batches;

    /// <summary>Steps of ten seconds that its batches last, those that are held back among them.</summary>
    public int Steps => (int)(_takenMs / VehicleWindow.StepMs);

    /// <summary>Takes a batch; false where it has been seen, or comes too late to be put in order.</summary>
    public bool Add(TelemetryBatch batch)
    {
        var key = (batch.BootId, batch.Sequence);
        if ((_last is { } last && key.CompareTo(last) <= 0) || !_waiting.TryAdd(key, batch)) return false;
        _takenMs += batch.DurationMs();
        if (_waiting.Count > Waiting) TakeFirst();
        return true;
    }

    /// <summary>Takes the batches that still wait.</summary>
    public void Complete()
    {
        while (_waiting.Count > 0) TakeFirst();
    }

    private void TakeFirst()
    {
        var (key, batch) = _waiting.First();
        _waiting.Remove(key);
        _last = key;
        _batches.Add(batch);
    }
}
