using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Log;

/// <summary>Vehicles that are not to be learned from, and how much of them was passed over.</summary>
internal sealed class Exclusions
{
    private readonly SortedDictionary<string, (string Reason, long Batches)> _vehicles = new(StringComparer.Ordinal);

    /// <summary>By vehicle: why, and the batches that were passed over.</summary>
    public IReadOnlyDictionary<string, (string Reason, long Batches)> Vehicles => _vehicles;

    public void Add(string vin, string reason) => _vehicles.TryAdd(vin, (reason, 0));

    /// <summary>True where the batch is not to be taken; it is counted.</summary>
    public bool Drop(TelemetryBatch batch)
    {
        if (!_vehicles.TryGetValue(batch.Vin, out var vehicle)) return false;
        _vehicles[batch.Vin] = vehicle with { Batches = vehicle.Batches + 1 };
        return true;
    }
}
