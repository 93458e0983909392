using Kappa.Iot.Simulator.Fleet;
using Kappa.Iot.Simulator.Physics;

namespace Kappa.Iot.Simulator.Faults;

/// <summary>Breaks a random part of a random healthy vehicle, or of all with a firmware, every so often, and at once what somebody asks for.</summary>
internal sealed class FaultSchedule(IReadOnlyList<FleetVehicle> vehicles, FaultOptions options, EventClock clock, TimeProvider time, ulong seed)
{
    private readonly Lock _lock = new();
    private ulong _random = Noise.Mix(seed ^ 0xFA017);
    private volatile bool _on;

    public bool On
    {
        get => _on;
        set => _on = value;
    }

    /// <summary>Runs until told to stop; does nothing while switched off.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(options.Every, time);
        try
        {
            // The first one right away: whoever has switched faults on waits for them.
            while (!_on) await Task.Delay(TimeSpan.FromMilliseconds(50), time, stop);
            do
            {
                if (_on) InjectRandom();
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The fleet ends.
        }
    }

    /// <summary>Breaks something in a vehicle, or in any healthy one.</summary>
    /// <returns>What was done, for people; starts with "no" where nothing was.</returns>
    public string Inject(FaultKind kind, string? vin)
    {
        lock (_lock)
        {
            var vehicle = vin is null ? PickHealthy(kind) : vehicles.FirstOrDefault(v => v.Identity.Vin == vin);
            if (vehicle is null) return vin is null ? "no healthy vehicle can have that fault" : $"no vehicle has the VIN {vin}";
            if (!FaultNames.CanHappen(kind, vehicle.Identity.Profile)) return $"no: {vin} is {vehicle.Identity.Profile} and has nothing that a {FaultNames.Of(kind)} could break";
            return vehicle.Request(NewRequest(kind))
                ? $"{FaultNames.Of(kind)} begins in {vehicle.Identity.Vin} ({vehicle.Identity.Make} {vehicle.Identity.Model} of {vehicle.Identity.Owner})"
                : $"no: {vehicle.Identity.Vin} has a fault already";
        }
    }

    private void InjectRandom()
    {
        lock (_lock)
        {
            var kind = options.Kinds[(int)(Noise.Uniform(ref _random) * options.Kinds.Count)];
            if (options.Firmware is not { } firmware)
            {
                PickHealthy(kind)?.Request(NewRequest(kind));
                return;
            }

            foreach (var vehicle in vehicles.Where(v => v.Firmware == firmware && CanBreak(v, kind))) vehicle.Request(NewRequest(kind));
        }
    }

    private FleetVehicle? PickHealthy(FaultKind kind)
    {
        var healthy = vehicles.Where(v => CanBreak(v, kind)).ToList();
        return healthy.Count == 0 ? null : healthy[(int)(Noise.Uniform(ref _random) * healthy.Count)];
    }

    private static bool CanBreak(FleetVehicle vehicle, FaultKind kind) => !vehicle.HasFault && FaultNames.CanHappen(kind, vehicle.Identity.Profile);

    private FaultRequest NewRequest(FaultKind kind) =>
        new(kind, options.Severity ?? Noise.Between(ref _random, 0.6, 1), clock.NowMs, (long)options.Repair.TotalMilliseconds);
}
