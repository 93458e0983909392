using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Faults;
using Kappa.Iot.Simulator.Journal;
using Kappa.Iot.Simulator.Physics;
using Kappa.Iot.Simulator.Publishing;

namespace Kappa.Iot.Simulator.Fleet;

/// <summary>A fleet from its first sample to its last acknowledgement.</summary>
public sealed class FleetRun : IDisposable
{
    private readonly FleetOptions _options;
    private readonly TimeProvider _time;
    private readonly FleetManifest _manifest;
    private readonly FleetWorld _world;
    private readonly FleetJournal? _journal;
    private readonly FaultLedger _ledger;
    private readonly FaultSchedule _faults;
    private readonly List<FleetVehicle> _vehicles = [];
    private volatile string _phase = "connecting";
    private bool _faultsWanted;

    /// <exception cref="InvalidDataException">The state folder is of another fleet, or damaged.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public FleetRun(FleetOptions options, BrokerOptions broker, TimeProvider time)
    {
        _options = options;
        _time = time;
        var clock = new EventClock(time, options.Speed);
        JournalContent? past = null;
        if (options.StateFolder is { } folder)
        {
            Directory.CreateDirectory(folder);
            var kept = FleetManifest.Load(folder, options);
            _manifest = kept ?? FleetManifest.Create(options, clock.StartMs);
            if (kept is null) _manifest.Save(folder);
            _journal = FleetJournal.Open(folder, out past);
        }
        else
        {
            _manifest = FleetManifest.Create(options, clock.StartMs);
        }

        _ledger = new FaultLedger(options.TruthFile);
        _world = new FleetWorld(options, clock, _ledger, _journal);
        Build(broker, past);
        _faults = new FaultSchedule(_vehicles, options.Faults ?? new FaultOptions(), clock, time, options.Seed ^ (ulong)clock.StartMs);
        _faultsWanted = options.Faults is { Wait: false } || (options.Faults is not null && _manifest.FaultsOn);
    }

    public DeliveryCounters Counters { get; } = new();

    public FleetStatus Status => new(
        _phase, _vehicles.Min(v => v.DrivenUntilMs), _vehicles.Count, Counters.Connected, Counters.Published, Counters.Acknowledged,
        Counters.Published - Counters.Acknowledged - Counters.Refused, Counters.Refused, Counters.Resent, _ledger.Injected, _ledger.Active)
    {
        Trouble = Counters.Connected < _vehicles.Count || Counters.Refused > 0 ? Counters.LastTrouble : null,
        StartMs = _manifest.StartMs,
    };

    public FinalSummary Summary => new(_vehicles.Count, Counters.Published, Counters.Acknowledged, _ledger.Injected, Counters.Refused, Counters.Resent);

    /// <summary>Drives until <paramref name="stop"/> or the end of the duration, then waits for missing acknowledgements and says goodbye.</summary>
    /// <returns>True if everything was acknowledged.</returns>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        foreach (var vehicle in _vehicles) vehicle.Link.Start();
        var driving = _vehicles.Select(v => Task.Run(() => DriveAsync(v, ending), CancellationToken.None)).ToList();
        var phases = FollowPhasesAsync(ending);
        var faults = _faults.RunAsync(ending.Token);

        await Task.WhenAny(Task.WhenAll(driving), phases);
        await ending.CancelAsync();
        try
        {
            await Task.WhenAll([.. driving, phases, faults]);
        }
        finally
        {
            await DrainAsync();
        }

        if (_journal is null)
        {
            var last = _vehicles.ToDictionary(v => v.Identity.Vin, v => v.DrivenUntilMs);
            _ledger.EndAll(vin => last[vin]);
        }

        return Counters.Published == Counters.Acknowledged;
    }

    /// <summary>Does what a line on standard input says: <c>faults on</c>, <c>faults off</c>, <c>inject FAULT [VIN]</c>.</summary>
    /// <returns>What was done, for people; null for an empty line.</returns>
    public string? Command(string line)
    {
        switch (line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            case []:
                return null;
            case ["faults", "on"]:
                SwitchFaults(true);
                return _options.Faults is null ? "faults are on, every 20s" : $"faults are on, every {_options.Faults.Every}";
            case ["faults", "off"]:
                SwitchFaults(false);
                return "faults are off; those that have begun go on until repaired";
            case ["inject", var name, .. var rest] when rest.Length < 2 && FaultNames.TryParse(name, out var kind):
                return _phase == "live" ? _faults.Inject(kind, rest.FirstOrDefault()) : "no: faults begin only once the fleet is live";
            default:
                return $"no such command: '{line}'. There are: faults on, faults off, inject {string.Join('|', FaultNames.All.Select(FaultNames.Of))} [VIN].";
        }
    }

    public void Dispose()
    {
        _journal?.Dispose();
        _ledger.Dispose();
    }

    private void Build(BrokerOptions broker, JournalContent? past)
    {
        var gate = new ConnectGate(broker.ConnectRate, _time);
        var open = (past?.Open ?? []).ToLookup(d => d.Vin);
        if (past is not null) Counters.Resume(past.Published, past.Acknowledged, past.Refused);
        var roster = Roster.Create(_options.Vehicles, _options.Profiles, _options.Seed);
        if (_options.RosterFile is { } path) WriteRoster(path, roster);

        var batchMs = (long)_options.Batch.TotalMilliseconds;
        for (var i = 0; i < roster.Count; i++)
        {
            var identity = roster[i];
            // Vehicles do not all send at the same moment.
            var startMs = _manifest.StartMs - batchMs + (batchMs * i / roster.Count);
            SimulatedCar car = identity.Profile == VehicleProfiles.Electric
                ? ElectricCar.Create(_options.City, identity.Seed, startMs)
                : CombustionCar.Create(_options.City, identity.Seed, startMs);
            if (past?.Vehicles.GetValueOrDefault(identity.Vin) is { } known)
            {
                car.Restore(known.State);
                // While the simulator was dead nothing was driven; only history is made up for.
                if (known.State.NextSampleMs >= _manifest.HistoryEndMs - batchMs) car.SkipTo(_world.Clock.StartMs - batchMs + (batchMs * i / roster.Count));
                _ledger.Resume(identity, known.State);
            }

            // A boot is named by its first sample's time, which is later than that of any boot before.
            var bootId = (ulong)car.State.NextSampleMs;
            var link = new VehicleLink(identity.Vin, broker, gate, Counters, _journal is null ? null : _journal.Settled);
            link.Restore(open[identity.Vin]);
            _vehicles.Add(new FleetVehicle(identity, car, bootId, link, _world));
        }
    }

    private async Task FollowPhasesAsync(CancellationTokenSource ending)
    {
        try
        {
            _phase = "history";
            while (!_vehicles.TrueForAll(v => v.IsLive)) await Task.Delay(TimeSpan.FromMilliseconds(100), _time, ending.Token);
            _phase = "live";
            if (_faultsWanted) _faults.On = true;
            await Task.Delay(_options.Duration ?? Timeout.InfiniteTimeSpan, _time, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private void SwitchFaults(bool on)
    {
        _faultsWanted = on;
        if (_phase == "live" || !on) _faults.On = on;
        if (_options.StateFolder is { } folder) (_manifest with { FaultsOn = on }).Save(folder);
    }

    private async Task DrainAsync()
    {
        _phase = "draining";
        using var patience = new CancellationTokenSource(_options.DrainTimeout, _time);
        try
        {
            await Task.WhenAll(_vehicles.Select(v => v.Link.DrainAsync(patience.Token)));
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            // The summary tells what is missing.
        }

        await Task.WhenAll(_vehicles.Select(v => v.Link.DisposeAsync().AsTask()));
    }

    /// <summary>A vehicle that cannot go on (a full disk) ends the fleet.</summary>
    private static async Task DriveAsync(FleetVehicle vehicle, CancellationTokenSource ending)
    {
        try
        {
            await vehicle.DriveAsync(ending.Token);
        }
        catch
        {
            await ending.CancelAsync();
            throw;
        }
    }

    private static void WriteRoster(string path, IReadOnlyList<VehicleIdentity> roster)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
        File.WriteAllLines(path, roster.Select(v => JsonSerializer.Serialize(
            new { v.Vin, v.Profile, v.Make, v.Model, v.Year, v.Owner }, Terminal.Json.Lines)));
    }
}
