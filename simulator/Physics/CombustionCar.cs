using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Faults;

namespace Kappa.Iot.Simulator.Physics;

/// <summary>A petrol car as its OBD port shows it: engine, gearbox, cooling circuit, exhaust, 12 V system, tyres.</summary>
public sealed class CombustionCar : SimulatedCar
{
    private const double TankLitres = 50;

    private static readonly Sensors Reported = new(
        ("Vehicle.OBD.EngineSpeed", 6, 0), ("Vehicle.OBD.Speed", 0.2f, 0), ("Vehicle.OBD.ThrottlePosition", 0.3f, 0),
        ("Vehicle.OBD.EngineLoad", 0.8f, 0), ("Vehicle.OBD.CoolantTemperature", 0.25f, 0), ("Vehicle.OBD.LongTermFuelTrim1", 0, 0),
        ("Vehicle.OBD.ShortTermFuelTrim1", 0.3f, 0), ("Vehicle.OBD.MAP", 0.5f, 0), ("Vehicle.OBD.FuelLevel", 0.3f, 0),
        ("Vehicle.OBD.AcceleratorPositionD", 0.2f, 0), ("Vehicle.OBD.IntakeTemp", 0.3f, 0), ("Vehicle.OBD.TimingAdvance", 0.5f, 0),
        ("Vehicle.OBD.Catalyst.Bank1.Temperature1", 1.5f, 0), ("Vehicle.OBD.Catalyst.Bank1.Temperature2", 1.5f, 0),
        ("Vehicle.OBD.ControlModuleVoltage", 0.03f, 0), ("Vehicle.OBD.MAF", 0.08f, 0), ("Vehicle.OBD.OilTemperature", 0.3f, 0),
        ("Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure", 0.4f, 1), ("Vehicle.Chassis.Axle.Row1.Wheel.Right.Tire.Pressure", 0.4f, 1),
        ("Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure", 0.4f, 1), ("Vehicle.Chassis.Axle.Row2.Wheel.Right.Tire.Pressure", 0.4f, 1),
        ("Vehicle.CurrentLocation.Latitude", 0, 0), ("Vehicle.CurrentLocation.Longitude", 0, 0),
        ("Vehicle.CurrentLocation.Heading", 0, 0), ("Vehicle.TraveledDistance", 0, 0.01f), ("Kappa.ControlUnit.FirmwareVersion", 0, 0));

    // Up to which speed (km/h) each gear is used, and engine turns per km/h in it.
    private static readonly (double UpTo, double Rpm)[] Gears = [(15, 130), (28, 74), (44, 49), (63, 36), (88, 28.5), (double.MaxValue, 22.5)];

    // What the engine does at this moment; follows from the state, so it is not part of it.
    private double _map, _maf, _throttle, _pedal, _timing, _voltage;

    private CombustionCar(City city, CarParameters parameters, in VehicleState state) : base(city, parameters, Reported, state)
    {
    }

    /// <summary>The signals in the order of the batch's columns.</summary>
    public static IReadOnlyList<Signal> Signals => Reported.Signals;

    public override string Profile => VehicleProfiles.Combustion;

    /// <param name="seed">Decides about everything that is random in this vehicle's life.</param>
    public static CombustionCar Create(City city, ulong seed, long startMs)
    {
        var random = Noise.Mix(seed);
        var p = CarParameters.Combustion(city, ref random);
        var s = NewState(city, p, random, startMs);
        // Most have been on the road for a while, some start cold.
        var warmth = Noise.Uniform(ref s.Random) < 0.25 ? Noise.Between(ref s.Random, 0, 0.8) : 1;
        s.Coolant = p.Ambient + (warmth * (p.ThermostatOpens + 3 - p.Ambient));
        s.Oil = p.Ambient + (warmth * (p.ThermostatOpens + 6 - p.Ambient));
        s.Intake = p.Ambient + (8 * warmth);
        s.Catalyst1 = p.Ambient + (380 * warmth);
        s.Catalyst2 = p.Ambient + (290 * warmth);
        s.Thermostat = warmth >= 1 ? 0.3 : 0;
        s.Rpm = p.IdleRpm;
        s.FuelLitres = TankLitres * Noise.Between(ref s.Random, 0.25, 1);
        s.LongTrim = p.FuelTrim;
        return new CombustionCar(city, p, s);
    }

    private protected override void Drive(ref VehicleState s, double force, double dt)
    {
        var p = Parameters;
        var decay = s.Strength(FaultKind.BatteryCellDecay);
        var (vacuum, misfire, starved) = (s.Strength(FaultKind.VacuumLeak), s.Strength(FaultKind.Misfire), s.Strength(FaultKind.WeakFuelPump));
        var wheelPower = force * s.Speed;
        var maxPower = p.MaxTorque * 400;

        // Gearbox: higher revs when more is asked for; the clutch slips below idle speed.
        var kmh = s.Speed * 3.6;
        var asked = kmh / (1 + (0.45 * Math.Clamp(wheelPower / maxPower, 0, 1)));
        var gear = 0;
        while (asked > Gears[gear].UpTo) gear++;
        var idle = p.IdleRpm + (Math.Clamp(60 - s.Coolant, 0, 60) * 6) + (30 * decay) + (140 * vacuum);
        var rpmTarget = Math.Max(idle, kmh * Gears[gear].Rpm);
        s.Rpm += (Math.Min(rpmTarget, 6200) - s.Rpm) * Math.Min(1, 0.8 * dt);
        var omega = s.Rpm * Math.PI / 30;

        // Torque that the engine makes inside: for the wheels, against its own friction, for alternator and fan.
        var brake = wheelPower / (0.91 * omega);
        var friction = 13 + (0.0042 * s.Rpm) + (Math.Clamp(80 - s.Oil, 0, 100) * 0.09);
        var accessories = 5 + (s.Fan * 4) + (8 * decay);
        var overrun = brake < -8 && s.Rpm > idle + 350;
        var most = p.MaxTorque * (1 - Square((s.Rpm - 3400) / 6000));
        var indicated = overrun ? 0 : (Math.Max(0, brake) + friction + accessories) * (1 + (0.22 * misfire));
        var load = overrun ? 7 : Math.Clamp(100 * indicated / most, 9, 100);
        // A hot engine pulls back.
        if (s.Coolant > 112) load = Math.Min(load, 70);
        load = Math.Min(load, 100 - (45 * starved));
        s.Load += (load - s.Load) * Math.Min(1, 0.9 * dt);
        var shut = 1 - (s.Load / 100);
        _map = (overrun ? 24 : 21 + (0.79 * s.Load)) + (9 * vacuum * shut);
        var density = _map / (0.287 * (s.Intake + 273.15));
        _maf = s.Rpm / 120 * p.Displacement * 0.86 * density * 1000;
        _throttle = overrun ? 11.5 : Math.Min(90, 12 + (60 * Math.Pow(s.Load / 100, 1.6) * (0.55 + (s.Rpm / 5500))));
        _pedal = 15.3 + (brake > 4 && !overrun ? 68 * Math.Pow(Math.Min(1, brake / most), 0.85) : 0);
        _timing = overrun ? 3 : 7 + Math.Min(18, s.Rpm / 150) - (0.11 * s.Load) - (0.6 * Math.Max(0, s.Coolant - 103));

        var fuel = overrun ? 0 : _maf / 14.7;
        s.FuelLitres = Math.Max(0, s.FuelLitres - (fuel / 745 * dt));
        if (s.FuelLitres < 4 && s.Speed == 0) s.FuelLitres = TankLitres;
        var lean = (16 * vacuum * shut) + (14 * s.Strength(FaultKind.AirMassSensorDrift)) + (24 * starved * Square(s.Load / 100)) + (4 * misfire);
        s.ShortTrim += (0.3 * (lean - s.ShortTrim) * dt) + (0.9 * Math.Sqrt(dt) * Noise.Normal(ref s.Random));
        s.LongTrim += (0.001 * (p.FuelTrim + (0.6 * lean) - s.LongTrim) * dt) + (0.015 * Math.Sqrt(dt) * Noise.Normal(ref s.Random));

        Heat(ref s, fuel * 43, dt);

        var alternator = p.Alternator - (0.22 * s.Fan) - (s.Rpm < 900 ? 0.12 : 0) - (0.004 * (s.Intake - 25));
        // A dead cell takes its share away, more so where the alternator turns slowly, and the voltage flickers.
        alternator = Charged(s, alternator);
        _voltage = alternator - (decay * (1.5 + (s.Rpm < 1100 ? 0.5 : 0) + (0.3 * Noise.Normal(ref s.Random))));
    }

    /// <param name="fuelPower">kW.</param>
    private void Heat(ref VehicleState s, double fuelPower, double dt)
    {
        var p = Parameters;
        var open = Math.Max(Math.Clamp((s.Coolant - p.ThermostatOpens) / 8, 0, 1), s.Strength(FaultKind.StuckThermostat));
        s.Thermostat += (open - s.Thermostat) * Math.Min(1, dt / 12);
        if (s.Coolant > 101) s.Fan = 1;
        else if (s.Coolant < 96) s.Fan = 0;

        var flow = Math.Clamp((s.CoolantLevel - 0.25) / 0.6, 0, 1);
        var radiator = s.Thermostat * flow * (0.16 + (0.06 * Math.Pow(s.Speed, 0.8)) + (0.4 * s.Fan));
        var block = 0.018 + (0.0018 * s.Speed);
        var heat = 0.6 + (0.29 * fuelPower);
        // Without coolant there is less to heat, and what is left boils.
        var boiling = Math.Max(0, s.Coolant - 116) * 0.9;
        var capacity = 26 + (36 * s.CoolantLevel);
        s.Coolant += (heat - ((radiator + block) * (s.Coolant - s.Ambient)) - boiling) / capacity * dt;

        var oil = s.Coolant + 3 + (s.Load * s.Rpm / 14_000);
        s.Oil += (oil - s.Oil) * dt / (s.Coolant > 105 ? 60 : 140);
        var intake = s.Ambient + 3 + (0.16 * (s.Coolant - s.Ambient) / (1 + (s.Speed / 7)));
        s.Intake += (intake - s.Intake) * dt / 50;
        var exhaust = fuelPower <= 0 ? 300 : 330 + (62 * Math.Sqrt(_maf)) + (160 * s.Strength(FaultKind.Misfire));
        s.Catalyst1 += (exhaust - s.Catalyst1) * dt / 45;
        s.Catalyst2 += ((0.82 * s.Catalyst1) - s.Catalyst2) * dt / 90;
    }

    private protected override void Read(in VehicleState s, Span<float> sample)
    {
        var bias = (float)Parameters.TemperatureBias;
        // A cylinder that fires now and then makes the engine run unevenly, most at idle.
        var uneven = 70_000 * s.Strength(FaultKind.Misfire) / s.Rpm * Math.Sin(s.NextSampleMs * 0.0027);
        sample[0] = (float)(s.Rpm + uneven);
        sample[1] = (float)(s.Speed * 3.6);
        sample[2] = (float)_throttle;
        sample[3] = (float)s.Load;
        sample[4] = (float)(s.Coolant - (30 * s.Strength(FaultKind.TemperatureSensorDrift))) + bias;
        sample[5] = (float)s.LongTrim;
        sample[6] = (float)s.ShortTrim;
        sample[7] = (float)_map;
        sample[8] = (float)(100 * s.FuelLitres / TankLitres);
        sample[9] = (float)_pedal;
        sample[10] = (float)s.Intake + bias;
        sample[11] = (float)_timing;
        sample[12] = (float)s.Catalyst1;
        sample[13] = (float)s.Catalyst2;
        sample[14] = (float)_voltage;
        sample[15] = (float)(_maf * (1 - (0.25 * s.Strength(FaultKind.AirMassSensorDrift)) - (0.15 * s.Strength(FaultKind.VacuumLeak))));
        sample[16] = (float)s.Oil + bias;
        ReadBody(s, sample[17..]);
    }

    private static double Square(double x) => x * x;
}
