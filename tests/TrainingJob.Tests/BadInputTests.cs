using System.Diagnostics;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Tests;

/// <summary>Through the real program, as a process of its own: one clear line, exit code 1, and the active model stays what it was.</summary>
public sealed class BadInputTests(TheLog log)
{
    [Fact]
    public Task An_empty_range() => FailsAsync([], "There is no telemetry");

    [Fact]
    public Task One_vehicle_with_too_little() => FailsAsync(Drive(vehicles: 1, batches: 5), "a model needs 100");

    [Fact]
    public Task Constant_signals() => FailsAsync(Drive(vehicles: 4, batches: 60, (_, _) => 42), "constant at 42");

    [Fact]
    public Task Nothing_but_NaN() => FailsAsync(Drive(vehicles: 4, batches: 60, (_, _) => float.NaN), "0 signals");

    [Fact]
    public Task Nothing_but_infinity() => FailsAsync(Drive(vehicles: 4, batches: 60, (_, _) => float.PositiveInfinity), "0 signals");

    [Fact]
    public Task A_single_signal() => FailsAsync(Drive(vehicles: 4, batches: 60, (signal, value) => signal == 2 ? value : 1), "1 signals");

    [Fact]
    public async Task One_vehicle_with_enough_gives_a_model()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 1, batches: 300));
        var run = await ProgramAsync("train", "--profile", profile, "--from", Fleet.Time(0), "--to", Fleet.Time(5_000), "--effort", "quick", "--disturbances", "100", "--kafka", log.Address);
        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.StartsWith(profile, run.Output.Trim(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("promote")]
    [InlineData("shadow")]
    [InlineData("backtest --from 2026-03-01 --model")]
    [InlineData("drift --from 2026-03-01 --model")]
    public async Task A_damaged_artifact(string command)
    {
        var (profile, active) = await ActiveAsync();
        var other = await log.PublishWithThresholdAsync(active, threshold: 4);
        await log.DamageAsync(other);
        await AssertFailsAsync(profile, active, "is damaged", [.. command.Split(' '), other, "--kafka", log.Address]);
    }

    private async Task FailsAsync(IEnumerable<TelemetryBatch> batches, string expected)
    {
        var (profile, active) = await ActiveAsync();
        // A day later, where nothing else is.
        log.Write(batches.Select(batch =>
        {
            batch.Profile = profile;
            batch.StartTimeMs += 86_400_000;
            return batch;
        }));
        await AssertFailsAsync(profile, active, expected,
            "train", "--profile", profile, "--from", Fleet.Time(86_400), "--to", Fleet.Time(100_000), "--effort", "quick", "--kafka", log.Address);
    }

    private async Task AssertFailsAsync(string profile, string active, string expected, params string[] arguments)
    {
        var before = (await Registry.ReadAllAsync(TestContext.Current.CancellationToken)).Versions.Count(version => version.Value.Profile == profile);
        var run = await ProgramAsync(arguments);
        Assert.Equal(1, run.ExitCode);
        Assert.Empty(run.Output);
        var errors = run.Errors.Trim().Split('\n');
        Assert.Contains(expected, errors[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
        var now = await Registry.ReadAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal(active, now.Active[profile].ModelId);
        Assert.Equal(ModelStage.ActiveStage, now.Versions[active].Stage);
        Assert.Equal(before, now.Versions.Count(version => version.Value.Profile == profile));
    }

    private ModelRegistry Registry => new(log.Kafka, NullLogger.Instance);

    private async Task<(string Profile, string Active)> ActiveAsync()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 3, batches: 60));
        var id = await log.TrainAsync(profile);
        await Registry.PromoteAsync(id, "test", DateTimeOffset.UtcNow, TestContext.Current.CancellationToken);
        return (profile, id);
    }

    private static IEnumerable<TelemetryBatch> Drive(int vehicles, int batches, Func<uint, float, float>? change = null) => Fleet.Drive($"{Guid.NewGuid():N}", vehicles, batches).Select(batch =>
    {
        foreach (var column in batch.Columns)
        {
            for (var i = 0; change is not null && i < column.Values.Count; i++) column.Values[i] = change(column.Signal, column.Values[i]);
        }
        return batch;
    });

    private static async Task<(int ExitCode, string Output, string Errors)> ProgramAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(typeof(Commands.CommandLine).Assembly.Location);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }
}
