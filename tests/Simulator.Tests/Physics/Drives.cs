using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Physics;

namespace Kappa.Iot.Simulator.Tests.Physics;

/// <summary>Simulated drives as columns of numbers.</summary>
internal static class Drives
{
    public const long Start = 1_700_000_000_000;

    public static SimulatedCar Car(string profile, ulong seed) => profile == VehicleProfiles.Electric
        ? ElectricCar.Create(City.All[0], seed, Start)
        : CombustionCar.Create(City.All[0], seed, Start);

    /// <summary>Seconds of driving, a column a signal, 1 Hz.</summary>
    public static Dictionary<string, float[]> Drive(SimulatedCar car, int seconds)
    {
        var batch = new TelemetryBatch();
        car.Fill(batch, seconds, 1000);
        return batch.Columns.ToDictionary(c => SignalCatalogue.Find(c.Signal)!.Path, c => c.Values.ToArray());
    }
}
