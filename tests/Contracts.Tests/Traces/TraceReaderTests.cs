using System.IO.Compression;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Kappa.Iot.Contracts.Tests.Traces;

public sealed class TraceReaderTests : IDisposable
{
    private const long Start = 1_700_000_000_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("kappa-traces-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Read_25SamplesAtOneHertz_ThreeBatchesOfTheFilesVehicle()
    {
        var batches = Read("trip7.csv", Rows("time,Vehicle.OBD.Speed,fault", 25, i => $"{Start + (i * 1000)},{i},x"));

        Assert.Equal([10, 10, 5], batches.Select(b => b.Columns[0].Values.Count));
        Assert.Equal([1UL, 2UL, 3UL], batches.Select(b => b.Sequence));
        Assert.All(batches, b => Assert.Equal(("trip7", VehicleProfiles.Obd, (ulong)Start, 1000u), (b.Vin, b.Profile, b.BootId, b.SampleIntervalMs)));
        Assert.Equal(Enumerable.Range(0, 25).Select(i => (float)i), batches.SelectMany(b => b.Columns.Single().Values));
        Assert.Equal(2u, batches[0].Columns[0].Signal);
    }

    [Fact]
    public void Read_EmptyCell_IsNaN()
    {
        var batch = Read("a.csv", "time,vehicle,Vehicle.OBD.Speed,Vehicle.OBD.MAP\n1000,v,5,\n1001,v,,NaN\n").Single();
        Assert.Equal([5f, float.NaN], batch.Columns[0].Values);
        Assert.Equal([float.NaN, float.NaN], batch.Columns[1].Values);
    }

    [Fact]
    public void Read_GapInTime_ClosesTheBatch()
    {
        long[] seconds = [0, 1, 2, 60, 61, 62, 63, 63 + 3600];
        var batches = Read("a.csv", Rows("time,vehicle,Vehicle.OBD.Speed", seconds.Length, i => $"{Start + (seconds[i] * 1000)},v,1"));
        Assert.Equal([3, 4, 1], batches.Select(b => b.Columns[0].Values.Count));
        Assert.All(batches, b => Assert.Equal(1000u, b.SampleIntervalMs));
        Assert.Equal([0L, 60_000, 3_663_000], batches.Select(b => b.StartTimeMs - Start));
    }

    [Fact]
    public void Read_PaceChanges_IntervalFollows()
    {
        long[] seconds = [0, 10, 20, 30, 31, 32, 33, 34, 35];
        var batches = Read("a.csv", Rows("time,vehicle,Vehicle.OBD.Speed", seconds.Length, i => $"{Start + (seconds[i] * 1000)},v,1"));
        Assert.Equal(seconds.Select(s => Start + (s * 1000)), Times(batches));
        Assert.Equal(10_000u, batches[0].SampleIntervalMs);
        Assert.Equal(1_000u, batches[^1].SampleIntervalMs);
    }

    [Fact]
    public void Read_MixedVehicles_EachItsOwnBatches()
    {
        var batches = Read("a.csv", Rows("time,car,Vehicle.OBD.Speed", 60, i => $"{Start + (i / 3 * 1000)},car{i % 3},{i % 3}"));
        Assert.Equal(6, batches.Count);
        foreach (var car in batches.GroupBy(b => b.Vin))
        {
            Assert.Equal([1UL, 2UL], car.Select(b => b.Sequence));
            Assert.All(car.SelectMany(b => b.Columns[0].Values), v => Assert.Equal(car.Key, $"car{v}"));
        }
    }

    [Fact]
    public void Read_ArticleColumns_AreConvertedToTheCataloguesUnits()
    {
        const string text = """
            time,car,coolant_temp,intake_air_temp,intake_air_flow_speed,battery_percentage,battery_voltage,current_draw,speed,engine_vibration_amplitude,throttle_pos,tire_pressure_1_1,tire_pressure_1_2,tire_pressure_2_1,tire_pressure_2_2,accelerometer_1_1_value,accelerometer_1_2_value,accelerometer_2_1_value,accelerometer_2_2_value,control_unit_firmware
            1567606196,car1,39.5,34.5,123.25,0.5,246.25,0.75,10,2493.5,0.25,32,31,34,30,0.5,0.75,0.25,0.125,2000

            """;
        var batch = Read("a.csv", text).Single();
        var values = batch.Columns.ToDictionary(c => SignalCatalogue.Find(c.Signal)!.Path, c => c.Values.Single());
        Assert.Equal(18, values.Count);
        Assert.Equal((VehicleProfiles.Article, "car1", 1567606196000), (batch.Profile, batch.Vin, batch.StartTimeMs));
        Assert.Equal(36f, values["Vehicle.Speed"]);
        Assert.Equal(50f, values["Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"]);
        Assert.Equal(25f, values["Vehicle.OBD.ThrottlePosition"]);
        Assert.Equal(220.632f, values["Vehicle.Chassis.Axle.Row1.Wheel.Left.Tire.Pressure"], 0.001f);
        Assert.Equal(39.5f, values["Vehicle.OBD.CoolantTemperature"]);
        Assert.Equal(2000f, values["Kappa.ControlUnit.FirmwareVersion"]);
    }

    [Theory]
    [InlineData("1700000000", 1_700_000_000_000)]
    [InlineData("1700000000000", 1_700_000_000_000)]
    [InlineData("1700000000.25", 1_700_000_000_250)]
    [InlineData("2023-11-14T22:13:20Z", 1_700_000_000_000)]
    public void Read_TimesOfAllKinds_AreMilliseconds(string cell, long expected) =>
        Assert.Equal(expected, Read("a.csv", $"time,vehicle,Vehicle.OBD.Speed\n{cell},v,1\n").Single().StartTimeMs);

    [Fact]
    public void Open_UnknownColumns_AreReportedAndLeftOut()
    {
        using var reader = TraceReader.Open(Write("a.csv", "time,vehicle,Vehicle.OBD.Speed,Moon.Phase,fault\n1,v,1,2,\n"));
        Assert.Equal(["Moon.Phase"], reader.UnknownColumns);
        Assert.Single(reader.ReadBatches().Single().Columns);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("vehicle,Vehicle.OBD.Speed\n", "'time'")]
    [InlineData("time,vehicle,Moon.Phase\n", "Moon.Phase")]
    [InlineData("time,time,Vehicle.OBD.Speed\n", "two 'time'")]
    [InlineData("time,vehicle,Vehicle.OBD.IntakeTemp,intake_air_temp\n", "same signal")]
    public void Open_WrongHeader_SaysWhatIsWrong(string text, string expected)
    {
        var file = Write("a.csv", text);
        var error = Assert.Throws<TraceFormatException>(() => TraceReader.Open(file));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1,v,fast", 3, "'fast'")]
    [InlineData("yesterday,v,1", 3, "'yesterday'")]
    [InlineData("1,a/b,1", 3, "'a/b'")]
    [InlineData("1,v", 3, "2 cells")]
    public void Read_WrongLine_NamesFileLineAndCell(string line, int number, string expected)
    {
        var file = Write("a.csv", $"time,vehicle,Vehicle.OBD.Speed\n0,v,1\n{line}\n");
        using var reader = TraceReader.Open(file);
        var error = Assert.Throws<TraceFormatException>(() => reader.ReadBatches().ToList());
        Assert.Equal(number, error.Line);
        Assert.Contains($"{file}, line {number}:", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Gzip_AsPlain()
    {
        var text = Rows("time,vehicle,Vehicle.OBD.Speed", 25, i => $"{Start + (i * 1000)},v,{i}");
        var path = Path.Combine(_folder, "z.csv.gz");
        using (var stream = new GZipStream(File.Create(path), CompressionMode.Compress)) stream.Write(Encoding.UTF8.GetBytes(text));
        using var reader = TraceReader.Open(path);
        Assert.Equal(Read("p.csv", text), reader.ReadBatches().ToList());
    }

    [Fact]
    public void Open_NotGzip_SaysSo() =>
        Assert.Contains("gzip", Assert.Throws<TraceFormatException>(() => TraceReader.Open(Write("a.csv.gz", "time,Vehicle.OBD.Speed\n"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Find_Folder_TakesTracesByNameAndSkipsTheRest()
    {
        Write("b.csv", "time,Vehicle.OBD.Speed\n");
        Write("a.csv", "time,Vehicle.OBD.Speed\n");
        Write("labels.csv", "trip,fault\n");
        Write("notes.txt", "time");
        var found = TraceFiles.Find(_folder, out var skipped);
        Assert.Equal(["a.csv", "b.csv"], found.Select(Path.GetFileName));
        Assert.Equal(["labels.csv"], skipped.Select(Path.GetFileName));
        Assert.Throws<FileNotFoundException>(() => TraceFiles.Find(Path.Combine(_folder, "none"), out _));
    }

    /// <summary>Whatever the times: every sample comes out once, in order, at its own time, in batches of at most ten with rising sequence.</summary>
    [Fact]
    public void Read_AnyRisingTimes_EverySampleOnceAtItsTime() =>
        Prop.ForAll(Gen.Elements(1000, 1000, 1000, 1000, 2000, 500, 60_000).ListOf().ToArbitrary(), steps =>
        {
            var times = new List<long> { Start };
            foreach (var step in steps) times.Add(times[^1] + step);
            var batches = Read("x.csv", Rows("time,vehicle,Vehicle.OBD.MAF", times.Count, i => $"{times[i]},v,{i}"));
            Assert.Equal(Enumerable.Range(0, times.Count).Select(i => (float)i), batches.SelectMany(b => b.Columns[0].Values));
            Assert.Equal(times, Times(batches));
            Assert.Equal(Enumerable.Range(1, batches.Count).Select(i => (ulong)i), batches.Select(b => b.Sequence));
            Assert.All(batches, b => Assert.InRange(b.Columns[0].Values.Count, 1, 10));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Read_RecordedObdTraces_EverySampleAndOneVehicleAFile()
    {
        var files = TraceFiles.Find(RecordedData.Find("obd/dev"), out var skipped);
        Assert.Equal(80, files.Count);
        Assert.Equal("labels.csv", Path.GetFileName(skipped.Single()));
        foreach (var file in files.Take(12))
        {
            using var reader = TraceReader.Open(file);
            Assert.Empty(reader.UnknownColumns);
            var batches = reader.ReadBatches().ToList();
            Assert.Equal(Lines(file) - 1, batches.Sum(b => b.Columns[0].Values.Count));
            Assert.All(batches, b => Assert.Equal((16, 1000u, VehicleProfiles.Obd), (b.Columns.Count, b.SampleIntervalMs, b.Profile)));
            Assert.Equal(Path.GetFileName(file).Replace(".csv.gz", "", StringComparison.Ordinal), batches.Select(b => b.Vin).Distinct().Single());
            Assert.Equal((ulong)batches[0].StartTimeMs, batches[0].BootId);
        }
    }

    [Fact]
    public void Read_TheArticlesData_HundredCarsHundredSamplesEach()
    {
        using var reader = TraceReader.Open(RecordedData.Find("article/car-sensor-data.csv"));
        Assert.Empty(reader.UnknownColumns);
        var batches = reader.ReadBatches().ToList();
        Assert.Equal(100, batches.Select(b => b.Vin).Distinct().Count());
        Assert.All(batches.GroupBy(b => b.Vin), car => Assert.Equal(100, car.Sum(b => b.Columns[0].Values.Count)));
        Assert.All(batches, b => Assert.Equal((18, 10_000u), (b.Columns.Count, b.SampleIntervalMs)));
    }

    private static IEnumerable<long> Times(IEnumerable<TelemetryBatch> batches) =>
        batches.SelectMany(b => Enumerable.Range(0, b.Columns[0].Values.Count).Select(i => b.StartTimeMs + (i * (long)b.SampleIntervalMs)));

    private static int Lines(string gzip)
    {
        using var text = new StreamReader(new GZipStream(File.OpenRead(gzip), CompressionMode.Decompress));
        var lines = 0;
        while (text.ReadLine() is { Length: > 0 }) lines++;
        return lines;
    }

    private static string Rows(string header, int rows, Func<int, string> row) =>
        header + "\n" + string.Concat(Enumerable.Range(0, rows).Select(i => row(i) + "\n"));

    private List<TelemetryBatch> Read(string name, string text)
    {
        using var reader = TraceReader.Open(Write(name, text));
        return [.. reader.ReadBatches()];
    }

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
