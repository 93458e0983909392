using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Faults;

namespace Kappa.Iot.Simulator.Tests.Physics;

/// <summary>Two vehicles drive the very same way; one of them breaks. What differs then is the fault.</summary>
public sealed class FaultPhysicsTests
{
    private const int Warm = 1200, Lasts = 300;

    [Theory]
    [InlineData(VehicleProfiles.Combustion, FaultKind.CoolantLeak, "Vehicle.OBD.CoolantTemperature", 4)]
    [InlineData(VehicleProfiles.Combustion, FaultKind.BatteryCellDecay, "Vehicle.OBD.ControlModuleVoltage", -1)]
    [InlineData(VehicleProfiles.Electric, FaultKind.CoolantLeak, "Vehicle.Powertrain.ElectricMotor.CoolantTemperature", 3)]
    [InlineData(VehicleProfiles.Electric, FaultKind.BatteryCellDecay, "Vehicle.Powertrain.TractionBattery.CellVoltage.Min", -0.06)]
    public void A_strong_fault_shows_in_its_own_signal_within_a_minute_and_a_half(string profile, FaultKind kind, string signal, double least)
    {
        var seen = 0;
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var difference = Difference(profile, seed, kind, signal);
            Assert.All(difference[..10], d => Assert.Equal(0, d));
            if (Extreme(difference[..100], least) / least >= 1) seen++;
            Assert.True(Extreme(difference[..(Lasts + 10)], least) / least >= 1, $"seed {seed}: {signal} moved by {Extreme(difference, least)} only");
        }

        Assert.True(seen >= 16, $"{seen} of 20 were seen");
    }

    [Theory]
    [InlineData(VehicleProfiles.Combustion, FaultKind.BrakeDrag, "Vehicle.OBD.EngineLoad", 5)]
    [InlineData(VehicleProfiles.Combustion, FaultKind.ChargingFailure, "Vehicle.OBD.ControlModuleVoltage", -1.2)]
    [InlineData(VehicleProfiles.Combustion, FaultKind.TemperatureSensorDrift, "Vehicle.OBD.CoolantTemperature", -25)]
    [InlineData(VehicleProfiles.Combustion, FaultKind.VacuumLeak, "Vehicle.OBD.ShortTermFuelTrim1", 8)]
    [InlineData(VehicleProfiles.Combustion, FaultKind.AirMassSensorDrift, "Vehicle.OBD.MAF", -1)]
    [InlineData(VehicleProfiles.Combustion, FaultKind.StuckThermostat, "Vehicle.OBD.CoolantTemperature", -8)]
    [InlineData(VehicleProfiles.Combustion, FaultKind.Misfire, "Vehicle.OBD.Catalyst.Bank1.Temperature1", 80)]
    [InlineData(VehicleProfiles.Combustion, FaultKind.WeakFuelPump, "Vehicle.OBD.ShortTermFuelTrim1", 3)]
    [InlineData(VehicleProfiles.Electric, FaultKind.BrakeDrag, "Vehicle.Powertrain.ElectricMotor.Torque", 12)]
    [InlineData(VehicleProfiles.Electric, FaultKind.ChargingFailure, "Vehicle.LowVoltageBattery.CurrentVoltage", -1)]
    [InlineData(VehicleProfiles.Electric, FaultKind.TemperatureSensorDrift, "Vehicle.Powertrain.ElectricMotor.CoolantTemperature", -12)]
    [InlineData(VehicleProfiles.Electric, FaultKind.MotorBearing, "Vehicle.Powertrain.ElectricMotor.Temperature", 5)]
    public void Every_other_fault_shows_in_its_own_signal_while_it_lasts_and_is_gone_after_the_repair(string profile, FaultKind kind, string signal, double least)
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            var difference = Difference(profile, seed, kind, signal, after: 1200);
            Assert.All(difference[..10], d => Assert.Equal(0, d));
            Assert.True(Extreme(difference[..(Lasts + 10)], least) / least >= 1, $"seed {seed}: {signal} moved by {Extreme(difference, least)} only");
            Assert.True(Math.Abs(difference[^1]) < Math.Abs(Extreme(difference, least)) / 2, $"seed {seed}: {signal} is still {difference[^1]} off after the repair");
        }
    }

    [Fact]
    public void A_vehicle_cannot_have_a_fault_of_what_it_has_not()
    {
        Assert.Throws<ArgumentException>(() => Drives.Car(VehicleProfiles.Electric, 1).Inject(FaultKind.Misfire, 1, 0, long.MaxValue));
        Assert.Throws<ArgumentException>(() => Drives.Car(VehicleProfiles.Combustion, 1).Inject(FaultKind.MotorBearing, 1, 0, long.MaxValue));
        Assert.Equal(12, FaultNames.All.Count);
    }

    [Theory]
    [InlineData(VehicleProfiles.Combustion)]
    [InlineData(VehicleProfiles.Electric)]
    public void A_tyre_leak_empties_one_tyre_and_no_other(string profile)
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var drops = SignalCatalogue.All.Where(s => s.Path.EndsWith("Tire.Pressure", StringComparison.Ordinal))
                .Select(s => Difference(profile, seed, FaultKind.TyreLeak, s.Path)).ToList();
            Assert.Single(drops, d => d[70] < -30);
            Assert.Equal(3, drops.Count(d => d.All(v => Math.Abs(v) < 3)));
        }
    }

    [Fact]
    public void A_coolant_leak_heats_the_oil_after_the_coolant()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            var coolant = Difference(VehicleProfiles.Combustion, seed, FaultKind.CoolantLeak, "Vehicle.OBD.CoolantTemperature");
            var oil = Difference(VehicleProfiles.Combustion, seed, FaultKind.CoolantLeak, "Vehicle.OBD.OilTemperature");
            var (coolantAt, oilAt) = (Array.FindIndex(coolant, d => d >= 4), Array.FindIndex(oil, d => d >= 4));
            Assert.True(coolantAt > 0 && oilAt > coolantAt, $"seed {seed}: coolant after {coolantAt} s, oil after {oilAt} s");
        }
    }

    [Theory]
    [InlineData(VehicleProfiles.Combustion, FaultKind.BatteryCellDecay, "Vehicle.OBD.ControlModuleVoltage", 0.2)]
    [InlineData(VehicleProfiles.Electric, FaultKind.TyreLeak, "Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure", 2)]
    public void A_repaired_vehicle_is_as_before(string profile, FaultKind kind, string signal, double most)
    {
        var difference = Difference(profile, 4, kind, signal);
        Assert.All(difference[(Lasts + 15)..], d => Assert.InRange(d, -most, most));
    }

    [Fact]
    public void A_broken_vehicle_cannot_break_again_before_its_repair()
    {
        var car = Drives.Car(VehicleProfiles.Electric, 1);
        car.Inject(FaultKind.TyreLeak, 1, Drives.Start, Drives.Start + 60_000);
        Assert.Throws<InvalidOperationException>(() => car.Inject(FaultKind.CoolantLeak, 1, Drives.Start, Drives.Start + 60_000));
        Drives.Drive(car, 62);
        car.Inject(FaultKind.CoolantLeak, 1, 0, long.MaxValue);
        Assert.Equal(2, car.State.FaultsInjected);
        Assert.Equal(Drives.Start + 62_000, car.State.FaultFromMs);
    }

    /// <summary>Second by second, with minus without the fault; the first ten seconds are before it.</summary>
    private static float[] Difference(string profile, ulong seed, FaultKind kind, string signal, int after = 200)
    {
        var (healthy, broken) = (Drives.Car(profile, seed), Drives.Car(profile, seed));
        Drives.Drive(healthy, Warm);
        Drives.Drive(broken, Warm);
        var from = broken.State.NextSampleMs + 10_000;
        broken.Inject(kind, 1, from, from + (Lasts * 1000));
        var (a, b) = (Drives.Drive(healthy, Lasts + after)[signal], Drives.Drive(broken, Lasts + after)[signal]);
        return [.. a.Zip(b, (x, y) => y - x)];
    }

    private static double Extreme(float[] values, double sign) => sign > 0 ? values.Max() : values.Min();
}
