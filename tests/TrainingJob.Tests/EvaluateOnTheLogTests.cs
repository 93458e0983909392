using System.Text.Json;

namespace Kappa.Iot.TrainingJob.Tests;

/// <summary>A model of the registry against the simulator's truth, on the log.</summary>
public sealed class EvaluateOnTheLogTests(TheLog log) : IDisposable
{
    private const int Vehicles = 4, Batches = 180;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("evaluate-log-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Injected_faults_are_measured_as_those_of_traces_are()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 12, batches: 120));
        var model = await log.TrainAsync(profile, "--to", Fleet.Time(10_000));

        // A later hour, in which one vehicle breaks after ten minutes.
        const int start = 20_000, broken = 600;
        var drives = Fleet.Drive(profile, Vehicles, Batches, boot: 2, startSecond: start).ToList();
        var vin = $"{profile}-1";
        var fromMs = Fleet.Start.AddSeconds(start + broken).ToUnixTimeMilliseconds();
        foreach (var batch in drives.Where(batch => batch.Vin == vin && batch.StartTimeMs >= fromMs))
        {
            for (var i = 0; i < 10; i++) batch.Columns[2].Values[i] += 15;
        }
        log.Write(drives);
        var truth = Path.Combine(_folder.FullName, "faults.jsonl");
        await File.WriteAllLinesAsync(truth,
        [
            $$"""{"vin":"{{vin}}","fault":"thermostat-stuck","from_ms":{{fromMs}},"to_ms":null,"severity":0.9}""",
            $$"""{"vin":"{{vin}}","fault":"thermostat-stuck","from_ms":{{fromMs}},"to_ms":{{fromMs + 600_000}},"severity":0.9}""",
            $$"""{"vin":"elsewhere","fault":"tyre-leak","from_ms":{{fromMs}},"to_ms":null,"severity":0.9}""",
            $$"""{"vin":"{{vin}}","fault":"tyre-leak","from_ms":1000,"to_ms":2000,"severity":0.9}""",
        ], TestContext.Current.CancellationToken);

        string page = Path.Combine(_folder.FullName, "report.html"), scores = Path.Combine(_folder.FullName, "scores.csv");
        var run = await Run.Of(
            "evaluate", "--model", model, "--from", Fleet.Time(start), "--to", Fleet.Time(start + 3600), "--labels", truth, "--report", page, "--scores", scores, "--kafka", log.Address);
        Assert.True(run.ExitCode == 0, run.People);
        var figures = JsonDocument.Parse(run.LastLine).RootElement;
        Assert.Equal((1, 1), (figures.GetProperty("faults").GetInt32(), figures.GetProperty("found").GetInt32()));
        Assert.InRange(figures.GetProperty("median_delay_s").GetDouble(), 0, 120);
        Assert.Equal(1, figures.GetProperty("kinds").GetProperty("thermostat-stuck").GetProperty("faults").GetInt32());
        Assert.Contains("2 faults of other vehicles or times", run.People, StringComparison.Ordinal);
        Assert.Equal(1 + Vehicles * Batches * 10, (await File.ReadAllLinesAsync(scores, TestContext.Current.CancellationToken)).Length);
        Assert.Contains(model, await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_range_without_telemetry_and_a_file_that_is_no_truth_are_errors()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 12, batches: 120));
        var model = await log.TrainAsync(profile);
        var empty = await Run.Of("evaluate", "--model", model, "--from", Fleet.Time(500_000), "--to", Fleet.Time(600_000), "--kafka", log.Address);
        Assert.Equal(1, empty.ExitCode);
        Assert.Contains("no telemetry", empty.People, StringComparison.Ordinal);

        var truth = Path.Combine(_folder.FullName, "faults.jsonl");
        await File.WriteAllTextAsync(truth, "{\"name\":1}\n", TestContext.Current.CancellationToken);
        var wrong = await Run.Of("evaluate", "--model", model, "--from", Fleet.Time(0), "--labels", truth, "--kafka", log.Address);
        Assert.Equal(1, wrong.ExitCode);
        Assert.Contains("line 1", wrong.People, StringComparison.Ordinal);
    }
}
