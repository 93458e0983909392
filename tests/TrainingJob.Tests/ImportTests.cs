using System.Globalization;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed class ImportTests(TheLog log) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kappa-import");
    private readonly string _vin = $"imported-{Guid.NewGuid():N}";

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task What_is_imported_is_what_a_replay_would_have_sent()
    {
        var file = Write("trip.csv", _vin, samples: 95);
        var run = await ImportAsync(_folder.FullName);
        Assert.True(run.ExitCode == 0, run.People);
        Assert.Equal((10, 0), Figures(run));

        using var reader = TraceReader.Open(file);
        var expected = reader.ReadBatches().ToList();
        var found = await OnTheLogAsync();
        Assert.Equal(expected, found.Select(record => TelemetryBatch.Parser.ParseFrom(record.Message.Value)));
        Assert.All(found.Zip(expected), pair => Assert.Equal(pair.Second.StartTimeMs, pair.First.Message.Timestamp.UnixTimestampMs));
        // Where the producers of the gateway put this key.
        log.Write(expected.Take(1));
        Assert.Single((await OnTheLogAsync()).Select(record => record.Partition.Value).Distinct());
    }

    [Fact]
    public async Task Importing_again_writes_nothing_and_says_so()
    {
        Write("trip.csv", _vin, samples: 50);
        Assert.Equal((5, 0), Figures(await ImportAsync(_folder.FullName)));
        var again = await ImportAsync(_folder.FullName);
        Assert.Equal(0, again.ExitCode);
        Assert.Equal((0, 5), Figures(again));
        Assert.Contains("Nothing to import", again.People, StringComparison.Ordinal);
        Assert.Equal(5, (await OnTheLogAsync()).Count);
    }

    [Fact]
    public async Task An_import_that_was_interrupted_goes_on_where_it_ended()
    {
        var file = Write("trip.csv", _vin, samples: 50);
        using (var reader = TraceReader.Open(file)) log.Write(reader.ReadBatches().Take(2));
        Assert.Equal((3, 2), Figures(await ImportAsync(file)));
        Assert.Equal(5, (await OnTheLogAsync()).Count);
    }

    [Fact]
    public async Task Other_content_under_the_same_name_is_refused()
    {
        Write("trip.csv", _vin, samples: 50);
        Assert.Equal(0, (await ImportAsync(_folder.FullName)).ExitCode);
        Write("trip.csv", _vin, samples: 50, speed: 99);
        var run = await ImportAsync(_folder.FullName);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("other content", run.People, StringComparison.Ordinal);
        Assert.Equal(5, (await OnTheLogAsync()).Count);
    }

    [Fact]
    public async Task Two_files_with_the_same_trip_are_refused()
    {
        Write("one.csv", _vin, samples: 50);
        Write("two.csv", _vin, samples: 60);
        var run = await ImportAsync(_folder.FullName);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("two.csv", run.People, StringComparison.Ordinal);
        Assert.Empty(await OnTheLogAsync());
    }

    [Fact]
    public async Task A_file_that_is_no_trace_is_an_error_and_nothing_is_written()
    {
        Write("a.csv", _vin, samples: 50);
        File.AppendAllText(Path.Combine(_folder.FullName, "b.csv"), "time,vehicle,Vehicle.OBD.Speed\n1700000000000,other,fast\n");
        var run = await ImportAsync(_folder.FullName);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("fast", run.People, StringComparison.Ordinal);
        Assert.Empty(await OnTheLogAsync());
        Assert.Equal(1, (await ImportAsync(Path.Combine(_folder.FullName, "nowhere"))).ExitCode);
    }

    private Task<Run> ImportAsync(string path) => Run.Of("import", path, "--kafka", log.Address, "--json");

    private static (int Written, int Present) Figures(Run run)
    {
        Assert.True(run.ExitCode == 0, run.People);
        var json = JsonDocument.Parse(run.LastLine).RootElement;
        return (json.GetProperty("written").GetInt32(), json.GetProperty("present").GetInt32());
    }

    private string Write(string name, string vin, int samples, double speed = 50)
    {
        var text = new StringBuilder("time,vehicle,Vehicle.OBD.Speed,Vehicle.OBD.EngineSpeed\n");
        for (var i = 0; i < samples; i++) text.AppendLine(CultureInfo.InvariantCulture, $"{1_600_000_000_000 + i * 1000L},{vin},{speed + i % 7},{(i % 11 == 0 ? "" : "2000")}");
        var file = Path.Combine(_folder.FullName, name);
        File.WriteAllText(file, text.ToString());
        return file;
    }

    private async Task<List<ConsumeResult<byte[], byte[]>>> OnTheLogAsync()
    {
        var reader = new LogReader(log.Kafka, "test", NullLogger.Instance);
        var found = new List<ConsumeResult<byte[], byte[]>>();
        await reader.ReadAsync(await reader.FindAsync(TopicCatalogue.Telemetry.Name, LogStart.Beginning, TestContext.Current.CancellationToken), (records, _) =>
        {
            found.AddRange(records.Where(record => Encoding.UTF8.GetString(record.Message.Key) == _vin));
            return ValueTask.CompletedTask;
        }, TestContext.Current.CancellationToken);
        return found;
    }
}
