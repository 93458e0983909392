using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Evaluation;
using Kappa.Iot.TrainingJob.Export;
using Kappa.Iot.TrainingJob.Traces;
using Microsoft.Extensions.Logging.Abstractions;
using Parquet;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed class ExportTests(TheLog log)
{
    [Fact]
    public async Task Traces_and_the_log_give_the_rows_that_evaluate_sees()
    {
        using var folder = new TraceFolder();
        var profile = TheLog.NewProfile();
        var trained = await Run.Of("train", "--profile", profile, "--traces", folder.Train, "--kafka", log.Address, "--effort", "quick", "--disturbances", "100");
        Assert.True(trained.ExitCode == 0, trained.People);
        Assert.Equal(0, (await Run.Of("promote", trained.LastLine, "--kafka", log.Address)).ExitCode);
        var batches = Directory.GetFiles(folder.Test, "*.csv").Order(StringComparer.Ordinal).SelectMany(file => RecordedTraces.Batches(file, profile)).ToList();
        log.Write(batches.Concat(batches.Take(10)));
        var registry = new ModelRegistry(log.Kafka, NullLogger.Instance);
        var detector = ModelArtifact.Load(trained.LastLine, await registry.ReadArtifactAsync(trained.LastLine, TestContext.Current.CancellationToken));
        var wanted = ScoredTrip.Play(detector, batches).SelectMany(trip => trip.Steps).ToDictionary(step => (step.Score.Vin, step.Score.StartTimeMs));
        Assert.Equal(240, wanted.Count);

        string[][] sources = [["--traces", folder.Test], ["--from", Fleet.Start.AddSeconds(-1).ToString("O"), "--to", Fleet.Start.AddHours(1).ToString("O")]];
        foreach (var source in sources)
        {
            var into = folder.PathOf($"export-{source[0].Trim('-')}");
            var run = await Run.Of(["export", "--profile", profile, "--out", into, "--kafka", log.Address, .. source]);
            Assert.True(run.ExitCode == 0, run.People);
            Assert.Equal([Path.Combine(into, "steps.parquet")], Directory.GetFiles(into));
            await CheckAsync(run.LastLine, wanted, detector);
        }
    }

    [Fact]
    public async Task A_profile_without_a_model_and_a_range_without_telemetry_are_errors_that_leave_no_file()
    {
        using var folder = new TraceFolder();
        var profile = TheLog.NewProfile();
        var run = await Run.Of("export", "--profile", profile, "--out", folder.PathOf("export"), "--kafka", log.Address, "--traces", folder.Test);
        Assert.Equal((1, ""), (run.ExitCode, run.Results));
        Assert.Contains(profile, run.People, StringComparison.Ordinal);

        var trained = await Run.Of("train", "--profile", profile, "--traces", folder.Train, "--kafka", log.Address, "--effort", "quick", "--disturbances", "100");
        run = await Run.Of("export", "--model", trained.LastLine, "--out", folder.PathOf("export"), "--kafka", log.Address, "--from", "2031-01-01", "--to", "2031-01-02");
        Assert.Equal((1, ""), (run.ExitCode, run.Results));
        Assert.Contains("no telemetry", run.People, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.PathOf("export")));

        Assert.Equal(2, (await Run.Of("export", "--out", folder.PathOf("export"))).ExitCode);
    }

    private static async Task CheckAsync(string file, Dictionary<(string, long), ScoredStep> wanted, IDetector detector)
    {
        await using var stream = File.OpenRead(file);
        await using var reader = await ParquetReader.CreateAsync(stream, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(1, reader.RowGroupCount);
        using var group = reader.OpenRowGroupReader(0);
        Assert.Equal(wanted.Count, group.RowCount);
        var fields = reader.Schema.DataFields.ToDictionary(field => field.Name, StringComparer.Ordinal);
        var rows = (int)group.RowCount;
        var time = new DateTime[rows];
        var score = new float[rows];
        var vehicle = new string?[rows];
        await group.ReadAsync<DateTime>(fields["time"], time, cancellationToken: TestContext.Current.CancellationToken);
        await group.ReadAsync<float>(fields["score"], score, cancellationToken: TestContext.Current.CancellationToken);
        await group.ReadAsync(fields["vehicle"], vehicle, cancellationToken: TestContext.Current.CancellationToken);
        foreach (var signal in detector.CreateWindow().Shape.Signals)
        {
            var values = new Dictionary<string, float?[]>();
            foreach (var kind in (string[])["observed", "expected", "share"])
                await group.ReadAsync<float>(fields[StepFile.ColumnOf(signal, kind)], (values[kind] = new float?[rows]).AsMemory(), cancellationToken: TestContext.Current.CancellationToken);
            for (var row = 0; row < rows; row++)
            {
                var step = wanted[(vehicle[row]!, new DateTimeOffset(DateTime.SpecifyKind(time[row], DateTimeKind.Utc)).ToUnixTimeMilliseconds())];
                var place = step.Signals.ToList().IndexOf(signal);
                Assert.Equal(step.Score.Score_, score[row]);
                Assert.Equal(step.Observed[place], values["observed"][row] ?? float.NaN);
                Assert.Equal(step.Expected[place], values["expected"][row] ?? float.NaN);
                Assert.Equal(step.Score.Contributions.Count == 0 ? null : step.ShareOf(signal), values["share"][row]);
            }
        }
    }
}
