using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Faults;

namespace Kappa.Iot.Simulator.Physics;

/// <summary>A battery-electric car: motor with one gear, recuperation, traction battery, a coolant loop, tyres.</summary>
public sealed class ElectricCar : SimulatedCar
{
    private const int Cells = 96;
    private const double WheelRadius = 0.33, GearRatio = 9.1;

    private static readonly Sensors Reported = new(
        ("Vehicle.Speed", 0.15f, 0.1f), ("Vehicle.Acceleration.Longitudinal", 0.05f, 0.01f),
        ("Vehicle.Chassis.Accelerator.PedalPosition", 0.3f, 0.4f), ("Vehicle.Chassis.Brake.PedalPosition", 0.2f, 0.4f),
        ("Vehicle.Exterior.AirTemperature", 0.15f, 0.5f), ("Vehicle.LowVoltageBattery.CurrentVoltage", 0.03f, 0.02f),
        ("Vehicle.Powertrain.TractionBattery.StateOfCharge.Current", 0, 0.1f), ("Vehicle.Powertrain.TractionBattery.CurrentVoltage", 0.15f, 0.1f),
        ("Vehicle.Powertrain.TractionBattery.CurrentCurrent", 0.4f, 0.1f), ("Vehicle.Powertrain.TractionBattery.Temperature.Average", 0.1f, 0.1f),
        ("Vehicle.Powertrain.TractionBattery.CellVoltage.Min", 0.0015f, 0.001f), ("Vehicle.Powertrain.TractionBattery.CellVoltage.Max", 0.0015f, 0.001f),
        ("Vehicle.Powertrain.ElectricMotor.Speed", 3, 1), ("Vehicle.Powertrain.ElectricMotor.Torque", 0.8f, 0.5f),
        ("Vehicle.Powertrain.ElectricMotor.Temperature", 0.3f, 0.5f), ("Vehicle.Powertrain.ElectricMotor.CoolantTemperature", 0.2f, 0.5f),
        ("Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure", 0.4f, 1), ("Vehicle.Chassis.Axle.Row1.Wheel.Right.Tire.Pressure", 0.4f, 1),
        ("Vehicle.Chassis.Axle.Row2.Wheel.Left.Tire.Pressure", 0.4f, 1), ("Vehicle.Chassis.Axle.Row2.Wheel.Right.Tire.Pressure", 0.4f, 1),
        ("Vehicle.CurrentLocation.Latitude", 0, 0), ("Vehicle.CurrentLocation.Longitude", 0, 0),
        ("Vehicle.CurrentLocation.Heading", 0, 0), ("Vehicle.TraveledDistance", 0, 0.01f), ("Kappa.ControlUnit.FirmwareVersion", 0, 0));

    private double _pedal, _brakePedal, _lowVoltage, _packVoltage, _current, _cellMin, _cellMax, _torque, _motorSpeed;

    private ElectricCar(City city, CarParameters parameters, in VehicleState state) : base(city, parameters, Reported, state)
    {
    }

    /// <summary>The signals in the order of the batch's columns.</summary>
    public static IReadOnlyList<Signal> Signals => Reported.Signals;

    public override string Profile => VehicleProfiles.Electric;

    /// <param name="seed">Decides about everything that is random in this vehicle's life.</param>
    public static ElectricCar Create(City city, ulong seed, long startMs)
    {
        var random = Noise.Mix(seed);
        var p = CarParameters.Electric(city, ref random);
        var s = NewState(city, p, random, startMs);
        s.StateOfCharge = Noise.Between(ref s.Random, 45, 95);
        s.Pack = p.Ambient + Noise.Between(ref s.Random, 4, 12);
        s.Motor = p.Ambient + Noise.Between(ref s.Random, 15, 35);
        s.MotorCoolant = p.Ambient + Noise.Between(ref s.Random, 6, 14);
        return new ElectricCar(city, p, s);
    }

    private protected override void Drive(ref VehicleState s, double force, double dt)
    {
        var p = Parameters;
        var decay = s.Strength(FaultKind.BatteryCellDecay);
        var dry = s.Speed > 0.1 ? 260 * s.Strength(FaultKind.MotorBearing) : 0;
        force += dry;

        // Recuperation does what it can; the brakes do the rest.
        var regenMax = s.Speed > 2 ? 45_000 / Math.Max(4, s.Speed) : 0;
        var motorForce = Math.Max(force, -Math.Min(regenMax, 4_200));
        var braking = motorForce - force;
        _brakePedal = s.Speed == 0 ? 14 : Math.Clamp(braking / p.Mass * 22, 0, 100);
        _torque = motorForce * WheelRadius / GearRatio / (motorForce > 0 ? 0.96 : 1.04);
        _motorSpeed = s.Speed / WheelRadius * GearRatio * 30 / Math.PI;
        _pedal = _torque > 1 ? Math.Min(100, 100 * Math.Pow(_torque / p.MaxTorque, 0.8)) : 0;

        var mechanical = motorForce * s.Speed;
        var lossWatt = 120 + (0.055 * Math.Abs(mechanical)) + (0.035 * _torque * _torque) + (dry * s.Speed);
        var power = mechanical + (s.Speed > 0 ? lossWatt : 100) + 750;
        power = Charge(ref s, power);

        Battery(ref s, power, decay, dt);
        Heat(ref s, s.Speed > 0 ? lossWatt / 1000 : 0.05, dt);
        _lowVoltage = Charged(s, p.Alternator - 0.25 - (s.Charging == 1 ? 0.1 : 0));
    }

    /// <summary>At 10 % it waits at its next stop until it has 80 % again.</summary>
    private static double Charge(ref VehicleState s, double power)
    {
        if (s.Charging == 0 && s.StateOfCharge < 10 && s.Speed == 0) s.Charging = 1;
        if (s.Charging == 0) return power;
        s.StopRemaining = Math.Max(s.StopRemaining, 5);
        if (s.StateOfCharge > 80) s.Charging = 0;
        return power - 90_000;
    }

    private void Battery(ref VehicleState s, double watt, double decay, double dt)
    {
        var p = Parameters;
        var soc = s.StateOfCharge / 100;
        var cell = 3.32 + (0.72 * soc) + (0.10 * Math.Pow(soc, 8)) - (0.25 * Math.Pow(1 - soc, 6));
        var resistance = p.PackResistance * (1 + (0.012 * Math.Max(-10, 25 - s.Pack)));
        var open = (cell * Cells) - (decay * 0.09);
        resistance += decay * 0.004;
        var amps = (open - Math.Sqrt(Math.Max(0, (open * open) - (4 * resistance * watt)))) / (2 * resistance);
        _packVoltage = open - (amps * resistance);
        // Positive current flows into the battery.
        _current = -amps;
        var mean = _packVoltage / Cells;
        _cellMax = mean + (0.6 * p.CellSpread) + (0.00002 * Math.Abs(amps));
        _cellMin = mean - p.CellSpread - (0.00003 * Math.Abs(amps));
        // A bad cell sags under load and shoots up when charged.
        var bad = mean - (decay * (0.09 + (0.0018 * amps)));
        _cellMin = Math.Min(_cellMin, bad - (decay > 0 ? p.CellSpread : 0));
        _cellMax = Math.Max(_cellMax, bad);

        var loss = (amps * amps * resistance / 1000) + (decay * (0.8 + (amps * amps * 0.00002)));
        s.StateOfCharge = Math.Clamp(s.StateOfCharge - ((amps * dt / 36 / p.PackCapacityAh) + (decay * 0.004 * dt)), 0, 100);
        var cooling = s.Pack > 32 ? 0.25 : 0.03;
        s.Pack += (loss - (cooling * (s.Pack - s.Ambient - 4))) / 180 * dt;
    }

    /// <param name="loss">Of motor and inverter, kW.</param>
    private static void Heat(ref VehicleState s, double loss, double dt)
    {
        var flow = Math.Clamp((s.CoolantLevel - 0.1) / 0.6, 0.04, 1);
        var coupling = 0.075 * flow;
        var radiator = flow * (0.09 + (0.006 * s.Speed));
        var toCoolant = coupling * (s.Motor - s.MotorCoolant);
        // The hotter, the less the inverter lets through.
        if (s.Motor > 150) loss *= 0.4;
        s.Motor += (loss - toCoolant - (0.004 * (s.Motor - s.Ambient))) / 14 * dt;
        // What is left in a leaking loop hardly moves and takes on the heat of the housing.
        var housing = (1 - flow) * 0.06 * (s.Motor - s.MotorCoolant);
        s.MotorCoolant += (toCoolant + housing - (radiator * (s.MotorCoolant - s.Ambient))) / (2 + (9 * s.CoolantLevel)) * dt;
    }

    private protected override void Read(in VehicleState s, Span<float> sample)
    {
        var bias = (float)Parameters.TemperatureBias;
        sample[0] = (float)(s.Speed * 3.6);
        sample[1] = (float)s.Acceleration;
        sample[2] = (float)_pedal;
        sample[3] = (float)_brakePedal;
        sample[4] = (float)s.Ambient;
        sample[5] = (float)_lowVoltage;
        sample[6] = (float)s.StateOfCharge;
        sample[7] = (float)_packVoltage;
        sample[8] = (float)_current;
        sample[9] = (float)s.Pack;
        sample[10] = (float)_cellMin;
        sample[11] = (float)_cellMax;
        sample[12] = (float)_motorSpeed;
        sample[13] = (float)_torque;
        sample[14] = (float)s.Motor + bias;
        sample[15] = (float)(s.MotorCoolant - (15 * s.Strength(FaultKind.TemperatureSensorDrift))) + bias;
        ReadBody(s, sample[16..]);
    }
}
