using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Simulator.Faults;
using Kappa.Iot.Simulator.Physics;

namespace Kappa.Iot.Benchmarks.Fleet;

/// <summary>One fault of a simulated vehicle, and what the detector made of it.</summary>
/// <param name="DelaySeconds">From its beginning to the alert; null where there was none while it lasted.</param>
internal sealed record JudgedFault(FaultKind Kind, double Severity, double? DelaySeconds);

/// <summary>A simulated vehicle's day, driven as fast as it can be and scored by the code that scores live.</summary>
internal static class FleetDay
{
    public const int SamplesPerBatch = 10;
    private const long Start = 1_700_000_000_000, Lasts = 600_000;

    // After a repair, what happens does not count for half an hour: so long the car itself is not what it was (its fuel trim has a time constant of 1,000 s).
    private const long Aftermath = 1_800_000;

    /// <summary>A vehicle that is new at <see cref="Start"/>.</summary>
    public static SimulatedCar Car(string profile, ulong seed) => profile == VehicleProfiles.Electric
        ? ElectricCar.Create(City.All[0], seed, Start)
        : CombustionCar.Create(City.All[0], seed, Start);

    /// <summary>Drives on while nobody looks.</summary>
    public static void Drive(SimulatedCar car, TimeSpan duration)
    {
        var until = car.State.NextSampleMs + (long)duration.TotalMilliseconds;
        while (car.State.NextSampleMs < until) car.Fill(new TelemetryBatch(), SamplesPerBatch, 1000);
    }

    /// <summary>The vehicle's next batch.</summary>
    public static TelemetryBatch Next(SimulatedCar car, string vin, ulong sequence)
    {
        var batch = new TelemetryBatch { Vin = vin, Profile = car.Profile, BootId = 1, Sequence = sequence };
        car.Fill(batch, SamplesPerBatch, 1000);
        return batch;
    }

    /// <summary>Drives with a fault every hour or two, of any kind that the vehicle can have, of any severity from 0.2 on, ten minutes each.</summary>
    /// <returns>The faults, and the types of alerts that came without one.</returns>
    public static (List<JudgedFault> Faults, List<AlertType> FalseAlerts) Drive(IDetector detector, string profile, ulong seed, TimeSpan duration)
    {
        var random = new Random((int)seed);
        var kinds = FaultNames.All.Where(kind => FaultNames.CanHappen(kind, profile)).ToList();
        var car = Car(profile, seed);
        var vin = $"SIM{seed}";
        var fold = new VehicleFold(vin);
        var (faults, falseAlerts) = (new List<JudgedFault>(), new List<AlertType>());
        var (from, until) = (long.MaxValue, long.MaxValue);
        var next = Start + Gap();
        for (ulong sequence = 1; car.State.NextSampleMs < Start + (long)duration.TotalMilliseconds; sequence++)
        {
            if (car.State.NextSampleMs >= next && car.IsWhole)
            {
                (from, until) = (car.State.NextSampleMs, car.State.NextSampleMs + Lasts);
                next = until + Aftermath + Gap();
                var kind = kinds[random.Next(kinds.Count)];
                var severity = 0.2 + (0.8 * random.NextDouble());
                car.Inject(kind, severity, from, until);
                faults.Add(new JudgedFault(kind, severity, null));
            }

            var batch = Next(car, vin, sequence);
            var end = batch.StartTimeMs + (SamplesPerBatch * 1000);
            foreach (var alert in fold.Apply(detector, batch, 0, (long)sequence).Alerts)
            {
                if (alert.Status != AlertStatus.Active || alert.RaisedAtMs != end) continue; // not new
                if (batch.StartTimeMs >= from && batch.StartTimeMs < until) faults[^1] = faults[^1] with { DelaySeconds = faults[^1].DelaySeconds ?? ((end - from) / 1000.0) };
                else if (from == long.MaxValue || batch.StartTimeMs > until + Aftermath) falseAlerts.Add(alert.Type);
            }
        }

        return (faults, falseAlerts);

        long Gap() => (long)((3600 + (3600 * random.NextDouble())) * 1000);
    }
}
