using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>Plays telemetry of any number of vehicles through a model, with the fold that scores live.</summary>
/// <param name="detector">The model.</param>
/// <param name="keepSteps">Keeps what the model saw in every batch, about 1 kB each.</param>
internal sealed class TripPlayer(IDetector detector, bool keepSteps = true)
{
    private readonly List<ScoredTrip> _trips = [];
    private readonly Dictionary<string, ScoredTrip> _byVehicle = new(StringComparer.Ordinal);

    /// <summary>A trip a vehicle, in the order they appeared.</summary>
    public IReadOnlyList<ScoredTrip> Trips => _trips;

    /// <summary>Takes a vehicle's next batch.</summary>
    public void Take(TelemetryBatch batch, int partition, long offset)
    {
        if (!_byVehicle.TryGetValue(batch.Vin, out var trip))
        {
            _byVehicle.Add(batch.Vin, trip = new ScoredTrip(batch.Vin, keepSteps));
            _trips.Add(trip);
        }
        trip.Take(detector, batch, partition, offset);
    }
}
