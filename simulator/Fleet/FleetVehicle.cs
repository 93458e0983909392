using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Faults;
using Kappa.Iot.Simulator.Physics;
using Kappa.Iot.Simulator.Publishing;

namespace Kappa.Iot.Simulator.Fleet;

/// <summary>One vehicle of a fleet: drives, packs its samples into batches, hands them to its line.</summary>
internal sealed class FleetVehicle(VehicleIdentity identity, SimulatedCar car, ulong bootId, VehicleLink link, FleetWorld world)
{
    private readonly TelemetryBatch _batch = new() { Vin = identity.Vin, Profile = identity.Profile, BootId = bootId };
    private FaultRequest? _request;
    private long _nextSampleMs = car.State.NextSampleMs;
    private volatile bool _hasFault = car.HasFault, _live;

    public VehicleIdentity Identity => identity;

    /// <summary>Of its control unit.</summary>
    public int Firmware => car.Parameters.Firmware;

    public VehicleLink Link => link;

    /// <summary>True once it has caught up with the clock.</summary>
    public bool IsLive => _live;

    /// <summary>Event time up to which it has driven, Unix milliseconds.</summary>
    public long DrivenUntilMs => Volatile.Read(ref _nextSampleMs);

    public bool HasFault => _hasFault || Volatile.Read(ref _request) is not null;

    /// <summary>Asks for a fault, which begins with the batch that the vehicle makes next.</summary>
    /// <returns>False where it has one already.</returns>
    public bool Request(FaultRequest request) => !_hasFault && Interlocked.CompareExchange(ref _request, request, null) is null;

    /// <summary>Drives until told to stop. A batch is made when its last sample is in the past, and only when there is room for it.</summary>
    public async Task DriveAsync(CancellationToken stop)
    {
        var options = world.Options;
        try
        {
            while (true)
            {
                var due = car.State.NextSampleMs + (long)options.Batch.TotalMilliseconds;
                if (due > world.Clock.NowMs)
                {
                    _live = true;
                    await world.Clock.WaitUntilAsync(due, stop);
                }

                await link.ReserveAsync(stop);
                MakeBatch(options);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Everything that was made is with the line; nothing is half done.
        }
    }

    private void MakeBatch(FleetOptions options)
    {
        var before = car.State;
        var hadFault = car.HasFault;
        if (car.IsWhole && Interlocked.Exchange(ref _request, null) is { } request)
            car.Inject(request.Kind, request.Severity, request.FromMs, Math.Max(request.FromMs, before.NextSampleMs) + request.LastsMs);

        _batch.Sequence++;
        car.Fill(_batch, options.SamplesPerBatch, (int)options.SampleInterval.TotalMilliseconds);
        var payload = _batch.ToByteArray();
        var after = car.State;
        var segment = world.Journal?.Append(identity.Vin, bootId, _batch.Sequence, payload, after) ?? 0;

        if (after.FaultsInjected > before.FaultsInjected)
            world.Faults.Begun(identity, after);
        if ((hadFault || after.FaultsInjected > before.FaultsInjected) && !car.HasFault)
            world.Faults.Ended(identity, after);
        _hasFault = car.HasFault;
        Volatile.Write(ref _nextSampleMs, after.NextSampleMs);
        link.Send(new Delivery(identity.Vin, bootId, _batch.Sequence, payload) { Segment = segment });
    }
}
