using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Training;

/// <summary>
/// One vehicle's steps for training, made by the very window that scores. Batches are put in their own order as far as
/// <see cref="Waiting"/> allows, so that one that comes late is trained on all the same.
/// </summary>
internal sealed class VehicleSeries(string vin)
{
    /// <summary>Batches that are held back to be put in order.</summary>
    public const int Waiting = 16;

    private readonly VehicleWindow _window = new(WindowShape.AllScored);
    private readonly SortedDictionary<(ulong Boot, ulong Sequence), TelemetryBatch> _waiting = [];
    private (ulong Boot, ulong Sequence)? _last;

    public string Vin { get; } = vin;

    public ulong Hash { get; } = StableHash.Of(vin);

    /// <summary>Per step, the empty steps before it, or -1 where the window started anew.</summary>
    public List<int> Gaps { get; } = [];

    /// <summary>Per signal of <see cref="WindowShape.AllScored"/> and mean, one value a step; null where the vehicle never had the signal.</summary>
    public List<float>?[] Means { get; } = new List<float>?[WindowShape.AllScored.Signals.Count * SensorFeatures.PerSignal];

    /// <summary>Per signal the mean of the step itself, NaN where it had no sample.</summary>
    public List<float>?[] Observed { get; } = new List<float>?[WindowShape.AllScored.Signals.Count];

    public int Steps => Gaps.Count;

    /// <summary>Takes a batch; false where it has been seen, or comes too late to be put in order.</summary>
    public bool Add(TelemetryBatch batch)
    {
        var key = (batch.BootId, batch.Sequence);
        if ((_last is { } last && key.CompareTo(last) <= 0) || !_waiting.TryAdd(key, batch)) return false;
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
        if (_last is { } last && last.Boot != key.Boot) _window.Restart();
        _last = key;
        var position = 0;
        while (_window.Advance(batch, ref position))
        {
            Record();
            _window.Residuals.PushEmpty(1);
        }
    }

    private void Record()
    {
        Span<float> means = stackalloc float[SensorFeatures.PerSignal];
        for (var s = 0; s < Observed.Length; s++)
        {
            SensorFeatures.Read(_window.Inputs, s, means);
            if (Observed[s] is null)
            {
                if (float.IsNaN(means[^1])) continue;
                Observed[s] = Padded();
                for (var k = 0; k < means.Length; k++) Means[s * means.Length + k] = Padded();
            }
            Observed[s]!.Add(_window.Inputs.Last(s));
            for (var k = 0; k < means.Length; k++) Means[s * means.Length + k]!.Add(means[k]);
        }
        Gaps.Add(_window.GapBefore);
    }

    private List<float> Padded() => [.. Enumerable.Repeat(float.NaN, Steps)];
}
