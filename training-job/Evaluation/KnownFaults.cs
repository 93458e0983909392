using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>What is known to have been wrong: a table of faults in trips (see <see cref="Fault"/>), or the simulator's truth file.</summary>
internal sealed class KnownFaults
{
    private readonly IReadOnlyList<Fault> _ofTrips;
    private readonly IReadOnlyList<InjectedFault> _injected;

    private KnownFaults(IReadOnlyList<Fault> ofTrips, IReadOnlyList<InjectedFault> injected) => (_ofTrips, _injected) = (ofTrips, injected);

    /// <summary>Reads either kind of file; the truth file's lines are JSON objects.</summary>
    /// <exception cref="CommandException">The file is not there, or neither.</exception>
    public static KnownFaults Read(string file)
    {
        if (!File.Exists(file)) throw new CommandException($"There is no file '{file}'.");
        try
        {
            return File.ReadLines(file).FirstOrDefault()?.StartsWith('{') == true ? new([], InjectedFault.ReadAll(file)) : new(Fault.Read(file), []);
        }
        catch (InvalidDataException e)
        {
            throw new CommandException(e.Message);
        }
    }

    /// <summary>The faults in what was played.</summary>
    /// <param name="trips">What was played.</param>
    /// <param name="elsewhere">How many injected faults were of other vehicles or times.</param>
    public IReadOnlyList<Fault> In(IReadOnlyList<ScoredTrip> trips, out int elsewhere)
    {
        var byVehicle = trips.Where(trip => trip.Samples.Count > 0).ToDictionary(trip => trip.Vehicle, StringComparer.Ordinal);
        var injected = _injected.Where(fault => byVehicle.TryGetValue(fault.Vin, out var trip) && fault.FromMs <= trip.EndMs && (fault.ToMs ?? long.MaxValue) >= trip.StartMs)
            .Select(fault => Seconds(fault, byVehicle[fault.Vin])).ToList();
        elsewhere = _injected.Count - injected.Count;
        return [.. _ofTrips, .. injected];
    }

    /// <summary>In the trip's own seconds. What was broken before the first sample counts from there: nobody could have seen it earlier.</summary>
    private static Fault Seconds(InjectedFault fault, ScoredTrip trip) => new(
        trip.Vehicle, fault.Kind, Math.Max(0, fault.FromMs - trip.StartMs) / 1000.0, (Math.Min(fault.ToMs ?? trip.EndMs, trip.EndMs) - trip.StartMs) / 1000.0);
}
