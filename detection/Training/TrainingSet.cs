using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Training;

/// <summary>The telemetry of one profile that a model is trained on, kept as steps of ten seconds. For one thread at a time.</summary>
/// <param name="profile">Batches of other profiles are not taken.</param>
/// <param name="options">Says how much is kept.</param>
public sealed class TrainingSet(string profile, TrainingOptions options)
{
    private readonly SortedDictionary<string, VehicleSeries> _vehicles = new(StringComparer.Ordinal);
    // By hash: eight bytes a vehicle, however long its id is.
    private readonly HashSet<ulong> _leftOut = [];
    private ulong _highestHash = ulong.MaxValue;

    private const int LeastVehicles = 2;

    public string Profile { get; } = profile;

    /// <summary>Vehicles that are trained on.</summary>
    public int Vehicles => _vehicles.Count;

    /// <summary>Batches that were taken, each once.</summary>
    public long Batches { get; private set; }

    /// <summary>Batches that were there already, or came too late to be put in order.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Batches of another kind of vehicle.</summary>
    public long OtherProfiles { get; private set; }

    /// <summary>Vehicles left out because there was more than <see cref="TrainingOptions.MaxSteps"/>.</summary>
    public int VehiclesLeftOut => _leftOut.Count;

    /// <summary>Batches left out for the same reason where no more vehicles could be: the last of the two vehicles that every set keeps.</summary>
    public long BatchesLeftOut { get; private set; }

    /// <summary>Steps of ten seconds.</summary>
    public long Steps { get; private set; }

    internal IEnumerable<VehicleSeries> Series => _vehicles.Values;

    /// <summary>Takes a batch; false where it does not count.</summary>
    public bool Add(TelemetryBatch batch)
    {
        if (batch.Profile != Profile)
        {
            OtherProfiles++;
            return false;
        }
        if (!_vehicles.TryGetValue(batch.Vin, out var vehicle))
        {
            vehicle = new VehicleSeries(batch.Vin);
            // Once vehicles had to go, those that would have gone before them are not taken either.
            if (vehicle.Hash >= _highestHash)
            {
                _leftOut.Add(vehicle.Hash);
                return false;
            }
            _vehicles.Add(batch.Vin, vehicle);
        }

        if (Steps >= options.MaxSteps && _vehicles.Count <= LeastVehicles)
        {
            BatchesLeftOut++;
            return false;
        }
        var before = vehicle.Steps;
        if (!vehicle.Add(batch))
        {
            Duplicates++;
            return false;
        }
        Batches++;
        Steps += vehicle.Steps - before;
        while (Steps > options.MaxSteps && _vehicles.Count > LeastVehicles) LeaveOut(_vehicles.Values.MaxBy(v => v.Hash)!);
        return true;
    }

    /// <summary>Each vehicle's batches in their order; after this nothing may be added.</summary>
    public IReadOnlyList<IReadOnlyList<TelemetryBatch>> Drives()
    {
        Complete();
        return [.. _vehicles.Values.Select(vehicle => vehicle.Batches)];
    }

    /// <summary>Takes in what was held back to be put in order; after this nothing may be added.</summary>
    internal void Complete()
    {
        foreach (var vehicle in _vehicles.Values) vehicle.Complete();
    }

    private void LeaveOut(VehicleSeries vehicle)
    {
        _vehicles.Remove(vehicle.Vin);
        _highestHash = vehicle.Hash;
        Steps -= vehicle.Steps;
        _leftOut.Add(vehicle.Hash);
    }
}
