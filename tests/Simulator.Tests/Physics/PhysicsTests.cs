using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Physics;

namespace Kappa.Iot.Simulator.Tests.Physics;

public sealed class PhysicsTests
{
    private const string Rpm = "Vehicle.OBD.EngineSpeed", ObdSpeed = "Vehicle.OBD.Speed", Coolant = "Vehicle.OBD.CoolantTemperature";
    private const string Latitude = "Vehicle.CurrentLocation.Latitude", Longitude = "Vehicle.CurrentLocation.Longitude";

    [Theory]
    [InlineData(VehicleProfiles.Combustion, 26)]
    [InlineData(VehicleProfiles.Electric, 25)]
    public void Signals_are_finite_and_within_the_catalogue(string profile, int signals) =>
        Prop.ForAll<ulong>(seed =>
        {
            var drive = Drives.Drive(Drives.Car(profile, seed), 1200);
            Assert.Equal(signals, drive.Count);
            foreach (var (path, values) in drive)
            {
                var signal = SignalCatalogue.Get(path);
                Assert.All(values, v => Assert.True(float.IsFinite(v) && v >= signal.Min && v <= signal.Max, $"{path} = {v} with seed {seed}"));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(15));

    [Fact]
    public void A_drive_has_stops_city_speeds_and_accelerations()
    {
        for (ulong seed = 1; seed <= 20; seed++)
        {
            var speed = Drives.Drive(Drives.Car(VehicleProfiles.Combustion, seed), 3600)[ObdSpeed];
            Assert.True(speed.Count(v => v == 0) is > 150 and < 2400, $"seed {seed} stands {speed.Count(v => v == 0)} s of an hour");
            Assert.True(speed.Max() is > 42 and < 125, $"seed {seed} drives {speed.Max()} km/h at most");
            Assert.True(speed.Average() is > 8 and < 70, $"seed {seed} drives {speed.Average()} km/h on average");
            for (var i = 1; i < speed.Length; i++) Assert.InRange(speed[i] - speed[i - 1], -20, 12);
        }
    }

    [Fact]
    public void Engine_speed_follows_the_wheels_through_six_gears()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            var drive = Drives.Drive(Drives.Car(VehicleProfiles.Combustion, seed), 1800);
            var (rpm, speed) = (drive[Rpm], drive[ObdSpeed]);
            for (var i = 10; i < rpm.Length; i++)
            {
                if (speed[(i - 8)..(i + 1)].All(v => v == 0)) Assert.InRange(rpm[i], 650, 1500);
                if (speed[i] > 30) Assert.InRange(rpm[i] / speed[i], 17, 85);
            }
        }
    }

    [Fact]
    public void Air_flow_is_engine_speed_times_manifold_pressure()
    {
        var drive = Drives.Drive(Drives.Car(VehicleProfiles.Combustion, 3), 1800);
        var ratios = drive["Vehicle.OBD.MAF"].Select((maf, i) => maf / (drive[Rpm][i] * drive["Vehicle.OBD.MAP"][i] / (drive["Vehicle.OBD.IntakeTemp"][i] + 273))).ToArray();
        Assert.All(ratios, r => Assert.InRange(r, ratios.Average() * 0.85, ratios.Average() * 1.15));
    }

    [Fact]
    public void Coolant_settles_where_the_thermostat_holds_it()
    {
        for (ulong seed = 1; seed <= 30; seed++)
        {
            var car = Drives.Car(VehicleProfiles.Combustion, seed);
            Drives.Drive(car, 1800);
            var settled = Drives.Drive(car, 1800)[Coolant];
            Assert.True(settled.Min() > 78 && settled.Max() < 106, $"seed {seed}: {settled.Min()} to {settled.Max()} °C");
            Assert.InRange(settled.Average(), car.Parameters.ThermostatOpens - 2, car.Parameters.ThermostatOpens + 11);
        }
    }

    [Fact]
    public void Position_moves_as_fast_as_the_wheels_and_stays_in_the_city()
    {
        foreach (var city in City.All)
        {
            var drive = Drives.Drive(CombustionCar.Create(city, 5, Drives.Start), 3600);
            double driven = 0;
            for (var i = 1; i < 3600; i++) driven += Distance(drive, i - 1, i);
            var bySpeed = drive[ObdSpeed].Sum() / 3.6;
            var byOdometer = (drive["Vehicle.TraveledDistance"][^1] - drive["Vehicle.TraveledDistance"][0]) * 1000;
            Assert.InRange(driven, bySpeed * 0.93, bySpeed * 1.07);
            Assert.InRange(byOdometer, bySpeed * 0.97, bySpeed * 1.03);
            Assert.All(drive[Latitude], v => Assert.InRange(v, city.Latitude - 0.12, city.Latitude + 0.12));
            Assert.All(drive[Longitude], v => Assert.InRange(v, city.Longitude - 0.2, city.Longitude + 0.2));
        }
    }

    [Fact]
    public void Electric_power_speed_and_cells_belong_together()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            var drive = Drives.Drive(Drives.Car(VehicleProfiles.Electric, seed), 1800);
            var (speed, volts, amps) = (drive["Vehicle.Speed"], drive["Vehicle.Powertrain.TractionBattery.CurrentVoltage"], drive["Vehicle.Powertrain.TractionBattery.CurrentCurrent"]);
            var (torque, motor) = (drive["Vehicle.Powertrain.ElectricMotor.Torque"], drive["Vehicle.Powertrain.ElectricMotor.Speed"]);
            var (low, high) = (drive["Vehicle.Powertrain.TractionBattery.CellVoltage.Min"], drive["Vehicle.Powertrain.TractionBattery.CellVoltage.Max"]);
            for (var i = 0; i < speed.Length; i++)
            {
                Assert.True(low[i] < high[i], $"seed {seed}, second {i}: {low[i]} < {high[i]}");
                Assert.InRange(volts[i] / 96, low[i] - 0.01, high[i] + 0.01);
                Assert.InRange(motor[i], (speed[i] * 73.1) - 90, (speed[i] * 73.1) + 90);
                // Out of the battery (negative) goes what the motor makes, its losses, and the rest of the car.
                var mechanical = torque[i] * motor[i] * Math.PI / 30 / 1000;
                var electric = -volts[i] * amps[i] / 1000;
                if (speed[i] > 5) Assert.InRange(electric - mechanical, -0.5 - (0.03 * Math.Abs(mechanical)), 3 + (0.25 * Math.Abs(mechanical)) + (0.00004 * torque[i] * torque[i]));
            }
        }
    }

    [Theory]
    [InlineData(VehicleProfiles.Combustion)]
    [InlineData(VehicleProfiles.Electric)]
    public void The_same_seed_drives_the_same_and_another_does_not(string profile)
    {
        Assert.Equal(Bytes(Drives.Car(profile, 7)), Bytes(Drives.Car(profile, 7)));
        Assert.NotEqual(Bytes(Drives.Car(profile, 7)), Bytes(Drives.Car(profile, 8)));
    }

    [Theory]
    [InlineData(VehicleProfiles.Combustion)]
    [InlineData(VehicleProfiles.Electric)]
    public void A_restored_vehicle_drives_on_bit_for_bit(string profile)
    {
        var car = Drives.Car(profile, 11);
        car.Inject(Simulator.Faults.FaultKind.CoolantLeak, 0.9, Drives.Start + 100_000, Drives.Start + 900_000);
        Drives.Drive(car, 400);
        var restored = Drives.Car(profile, 11);
        restored.Restore(car.State);
        Assert.Equal(Bytes(car), Bytes(restored));
    }

    private static byte[] Bytes(SimulatedCar car)
    {
        var batch = new TelemetryBatch { Vin = "X" };
        car.Fill(batch, 600, 1000);
        return batch.ToByteArray();
    }

    /// <summary>Metres between two samples.</summary>
    private static double Distance(Dictionary<string, float[]> drive, int a, int b)
    {
        var (la, lb) = (drive[Latitude][a], drive[Latitude][b]);
        var north = (lb - la) * 111_320.0;
        var east = (drive[Longitude][b] - drive[Longitude][a]) * 111_320.0 * Math.Cos(la * Math.PI / 180);
        return Math.Sqrt((north * north) + (east * east));
    }
}
