using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// What a model that is to score a profile makes of its vehicles' past: it reads along and says nothing, so that its windows are full when it
/// takes over. A profile's first model scores that past instead: what it says of it is here, too. For one thread at a time.
/// </summary>
/// <param name="partition">Of the telemetry.</param>
/// <param name="profile">Whose model it is.</param>
/// <param name="model">The model.</param>
/// <param name="until">The offset from which on it scores, where that is known already: in whatever is replayed.</param>
#pragma warning disable CA1001 // Nobody waits on the source and it has no timer: there is nothing in it to give back.
internal sealed class WarmUp(int partition, string profile, IDetector model, long? until = null)
#pragma warning restore CA1001
{
    private readonly Dictionary<string, VehicleFold> _folds = new(StringComparer.Ordinal);
    private List<RewoundBatch> _said = [];
    private readonly CancellationTokenSource _dropped = new();

    public int Partition => partition;

    public string Profile => profile;

    public IDetector Model => model;

    public long? Until => until;

    /// <summary>Where it begins to read.</summary>
    public long From { get; set; }

    /// <summary>The first offset of which it says what it makes of it; null where it only reads along.</summary>
    public long? SaysFrom { get; init; }

    /// <summary>Vehicles that have alerts already when the first of their batches comes, as they were before it.</summary>
    public IReadOnlyDictionary<string, VehicleFold> Former { get; init; } = new Dictionary<string, VehicleFold>();

    /// <summary>Whether it scores what came before it.</summary>
    public bool IsRewind => SaysFrom is not null;

    /// <summary>It is not wanted any more: whoever reads for it stops.</summary>
    public CancellationToken Dropped => _dropped.Token;

    /// <summary>It has read everything before this offset. Where it is being read for, that is what was read when it was asked for.</summary>
    public long ReadTo { get; set; }

    /// <summary>What it knows of each vehicle.</summary>
    public IEnumerable<VehicleFold> Folds => _folds.Values;

    public void Drop() => _dropped.Cancel();

    /// <summary>What it said since the last time, in the log's order.</summary>
    public IReadOnlyList<RewoundBatch> TakeSaid()
    {
        var said = _said;
        if (said.Count > 0) _said = [];
        return said;
    }

    /// <summary>Takes the partition's next batch, of any profile.</summary>
    /// <param name="batch">What the record holds.</param>
    /// <param name="record">Not changed later.</param>
    public void Take(TelemetryBatch batch, ConsumeResult<byte[], byte[]> record)
    {
        var offset = record.Offset.Value;
        if (offset < From) return;
        if (!_folds.TryGetValue(batch.Vin, out var fold))
        {
            if (batch.Profile != profile) return;
            _folds.Add(batch.Vin, fold = Former.GetValueOrDefault(batch.Vin) ?? new VehicleFold(batch.Vin));
        }

        try
        {
            var result = fold.Apply(batch.Profile == profile ? model : null, batch, partition, offset);
            if (result.Score is not null && offset >= SaysFrom) _said.Add(new(batch.Vin, record, result, null));
        }
#pragma warning disable CA1031 // A batch that breaks the model starts the vehicle anew, as it does where the model scores.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _folds[batch.Vin] = new VehicleFold(batch.Vin);
            if (offset >= SaysFrom) _said.Add(new(batch.Vin, record, default, e));
        }
    }
}
