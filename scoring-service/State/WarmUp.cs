using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// What a model that is to score a profile makes of its vehicles' past: it reads along and says nothing, so that its windows are full when it
/// takes over. For one thread at a time.
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
    private readonly CancellationTokenSource _dropped = new();

    public int Partition => partition;

    public string Profile => profile;

    public IDetector Model => model;

    public long? Until => until;

    /// <summary>Where it begins to read.</summary>
    public long From { get; set; }

    /// <summary>It is not wanted any more: whoever reads for it stops.</summary>
    public CancellationToken Dropped => _dropped.Token;

    /// <summary>What it knows of each vehicle.</summary>
    public IEnumerable<VehicleFold> Folds => _folds.Values;

    public void Drop() => _dropped.Cancel();

    /// <summary>Takes the partition's next batch, of any profile.</summary>
    public void Take(TelemetryBatch batch, long offset)
    {
        if (offset < From) return;
        if (!_folds.TryGetValue(batch.Vin, out var fold))
        {
            if (batch.Profile != profile) return;
            _folds.Add(batch.Vin, fold = new VehicleFold(batch.Vin));
        }

        try
        {
            fold.Apply(batch.Profile == profile ? model : null, batch, partition, offset);
        }
#pragma warning disable CA1031 // A batch that breaks the model starts the vehicle anew, as it does where the model scores.
        catch (Exception)
#pragma warning restore CA1031
        {
            _folds[batch.Vin] = new VehicleFold(batch.Vin);
        }
    }
}
