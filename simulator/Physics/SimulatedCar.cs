using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Faults;

namespace Kappa.Iot.Simulator.Physics;

/// <summary>
/// One vehicle's physics, stepped in event time. No clock and no I/O: the same seed, start and faults give the same samples.
/// </summary>
public abstract class SimulatedCar
{
    private readonly Driver _driver;
    private readonly RoadNetwork _roads;
    private readonly Sensors _sensors;
    private readonly float[] _sample;
    private VehicleState _state;

    private protected SimulatedCar(City city, CarParameters parameters, Sensors sensors, in VehicleState state)
    {
        Parameters = parameters;
        _roads = new RoadNetwork(city);
        _driver = new Driver(_roads, parameters.Temper);
        _sensors = sensors;
        _sample = new float[sensors.Count];
        _state = state;
    }

    /// <summary>See <see cref="VehicleProfiles"/>.</summary>
    public abstract string Profile { get; }

    public CarParameters Parameters { get; }

    /// <summary>A copy of all that changes; <see cref="Restore"/> takes it back.</summary>
    public VehicleState State => _state;

    /// <summary>Drives on from a state that this vehicle had before.</summary>
    public void Restore(in VehicleState state) => _state = state;

    /// <summary>Lets time pass while nobody looks: the vehicle is where it was, and the next sample is of this time.</summary>
    public void SkipTo(long timeMs) => _state.NextSampleMs = Math.Max(_state.NextSampleMs, timeMs);

    /// <summary>True while a fault has begun or is about to, and has not been repaired yet.</summary>
    public bool HasFault => _state.Fault != FaultKind.None && _state.NextSampleMs < _state.FaultUntilMs;

    /// <summary>True where nothing is broken: a new fault can begin.</summary>
    public bool IsWhole => _state.Fault == FaultKind.None || _state.FaultRepaired == 1;

    /// <summary>Breaks something, from the first sample at or after <paramref name="fromMs"/> on.</summary>
    /// <param name="severity">0 (hardly) to 1 (badly).</param>
    /// <exception cref="InvalidOperationException">Something is broken already.</exception>
    /// <exception cref="ArgumentException">Vehicles of this profile have nothing that could break so.</exception>
    public void Inject(FaultKind kind, double severity, long fromMs, long untilMs)
    {
        if (!IsWhole) throw new InvalidOperationException($"The vehicle has {FaultNames.Of(_state.Fault)} already.");
        if (!FaultNames.CanHappen(kind, Profile)) throw new ArgumentException($"A {Profile} vehicle cannot have {FaultNames.Of(kind)}.", nameof(kind));
        _state.Fault = kind;
        _state.FaultSeverity = Math.Clamp(severity, 0, 1);
        _state.FaultFromMs = Math.Max(fromMs, _state.NextSampleMs);
        _state.FaultUntilMs = untilMs;
        _state.FaultProgress = 0;
        _state.FaultRepaired = 0;
        // Not drawn from the vehicle's own random numbers: it drives on as it would have without the fault.
        _state.FaultWheel = (int)(Noise.Mix(_state.Random) & 3);
        _state.FaultsInjected++;
    }

    /// <summary>Drives on and writes down what the sensors show: <paramref name="samples"/> samples, one column a signal.</summary>
    public void Fill(TelemetryBatch batch, int samples, int intervalMs)
    {
        batch.StartTimeMs = _state.NextSampleMs;
        batch.SampleIntervalMs = (uint)intervalMs;
        _sensors.Prepare(batch);
        var steps = Math.Max(1, (int)Math.Ceiling(intervalMs / 1000.0));
        var dt = intervalMs / 1000.0 / steps;
        for (var i = 0; i < samples; i++)
        {
            for (var step = 0; step < steps; step++) Step(dt);
            Read(_state, _sample);
            _sensors.Write(_sample, batch, ref _state.Random);
            _state.NextSampleMs += intervalMs;
        }
    }

    /// <summary>Physics of the drive train over <paramref name="dt"/> seconds. The driver has moved the vehicle already.</summary>
    /// <param name="force">At the wheels, N.</param>
    private protected abstract void Drive(ref VehicleState s, double force, double dt);

    /// <summary>True values of all sensors, in the order of the profile's signals.</summary>
    private protected abstract void Read(in VehicleState s, Span<float> sample);

    /// <summary>What a workshop does: the fault is gone.</summary>
    private protected virtual void Repair(ref VehicleState s)
    {
        s.CoolantLevel = 1;
        s.Air0 = s.Air1 = s.Air2 = s.Air3 = Parameters.TyrePressure;
        s.FaultProgress = 0;
        s.LeakyTyre = s.Tyre;
    }

    /// <summary>The voltage of the 12 V system, where nothing may charge it any more: the battery then gives what it has.</summary>
    private protected static double Charged(in VehicleState s, double charged)
    {
        var failed = s.Strength(FaultKind.ChargingFailure);
        var battery = 12.5 - Math.Min(1.5, (s.NextSampleMs - s.FaultFromMs) / 600_000.0);
        return failed > 0 ? charged + (failed * (battery - charged)) : charged;
    }

    /// <summary>What every vehicle has: tyres, its place and distance, its control unit's firmware.</summary>
    private protected void ReadBody(in VehicleState s, Span<float> sample)
    {
        sample[0] = Tyres.Pressure(s.Air0, s.FaultWheel == 0 ? s.LeakyTyre : s.Tyre);
        sample[1] = Tyres.Pressure(s.Air1, s.FaultWheel == 1 ? s.LeakyTyre : s.Tyre);
        sample[2] = Tyres.Pressure(s.Air2, s.FaultWheel == 2 ? s.LeakyTyre : s.Tyre);
        sample[3] = Tyres.Pressure(s.Air3, s.FaultWheel == 3 ? s.LeakyTyre : s.Tyre);
        sample[4] = (float)_roads.Latitude(s.North);
        sample[5] = (float)_roads.Longitude(s.East);
        sample[6] = (float)s.Heading;
        sample[7] = (float)s.OdometerKm;
        sample[8] = Parameters.Firmware;
    }

    private protected static VehicleState NewState(City city, CarParameters p, ulong random, long startMs)
    {
        var s = new VehicleState
        {
            Random = random,
            NextSampleMs = startMs,
            Ambient = p.Ambient,
            Air0 = p.TyrePressure,
            Air1 = p.TyrePressure,
            Air2 = p.TyrePressure,
            Air3 = p.TyrePressure,
            CoolantLevel = 1,
        };
        s.OdometerKm = Noise.Between(ref s.Random, 1_000, 140_000);
        s.Tyre = s.LeakyTyre = p.Ambient + Noise.Between(ref s.Random, 0, 10);
        new Driver(new RoadNetwork(city), p.Temper).Start(ref s);
        return s;
    }

    private void Step(double dt)
    {
        ref var s = ref _state;
        if (s.Fault != FaultKind.None && s.FaultRepaired == 0 && s.NextSampleMs >= s.FaultUntilMs)
        {
            s.FaultRepaired = 1;
            Repair(ref s);
        }

        var fault = s.FaultRepaired == 0 && s.NextSampleMs >= s.FaultFromMs ? s.Fault : FaultKind.None;
        // A bad one is fully there after half a minute, a slight one after a minute.
        if (fault != FaultKind.None) s.FaultProgress = Math.Min(1, s.FaultProgress + (dt / (30 + (30 * (1 - s.FaultSeverity)))));
        if (fault == FaultKind.CoolantLeak) s.CoolantLevel = Math.Max(0, s.CoolantLevel - (s.FaultSeverity * dt / 25));

        s.Ambient += (0.0005 * (Parameters.Ambient - s.Ambient) * dt) + (0.01 * Math.Sqrt(dt) * Noise.Normal(ref s.Random));
        _driver.Step(ref s, dt);
        Tyres.Step(ref s, fault, dt);
        Drive(ref s, Force(ref s, dt), dt);
    }

    private double Force(ref VehicleState s, double dt)
    {
        var altitude = RoadNetwork.Altitude(s.East, s.North);
        var driven = s.Speed * dt;
        var grade = driven > 0.5 ? Math.Clamp((altitude - s.Altitude) / driven, -0.08, 0.08) : 0;
        s.Altitude = altitude;
        var missing = Tyres.Missing(s, Parameters.TyrePressure);
        var rolling = s.Speed > 0.1 ? Parameters.RollingResistance * (1 + (1.2 * missing)) : 0;
        if (s.Speed > 0.1) rolling += 0.03 * s.Strength(FaultKind.BrakeDrag);
        return (Parameters.Mass * ((1.04 * s.Acceleration) + (9.81 * (rolling + grade)))) + (0.6 * Parameters.DragArea * s.Speed * s.Speed);
    }
}
