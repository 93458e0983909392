using System.Diagnostics;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Demo.Counting;
using Kappa.Iot.Demo.Processes;
using Kappa.Iot.Demo.Status;
using Kappa.Iot.Streaming;
using Kappa.Iot.Twins;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Kappa.Iot.Demo;

/// <summary>The whole pipeline, from starting its processes to counting what came out.</summary>
internal sealed class Demonstration(DemoOptions options, IAnsiConsole console)
{
    private static readonly string[] Profiles = [VehicleProfiles.Combustion, VehicleProfiles.Electric];
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromMinutes(5);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly DateTimeOffset _started = DateTimeOffset.UtcNow;
    private readonly StatusDisplay _display = new(console);

    public async Task<Summary> RunAsync(CancellationToken cancel)
    {
        await using var folder = DemoFolder.Open(options.Data, options.Reset);
        var first = FirstRun.LoadOrNote(options, _started);
        var pipeline = new Pipeline(options);
        await using (TwinStore.Open(pipeline.Twins)) { } // says at once where the address is none
        await using var supervisor = new Supervisor(options.Data);

        if (options.Kafka is null) supervisor.Start(pipeline.Log);
        using var admin = await ConnectAsync(pipeline.Kafka, supervisor, cancel);
        await TopicCatalogue.EnsureAsync(admin);
        var baseline = await LogBaseline.LoadOrTakeAsync(
            Path.Combine(options.Data, "baseline.json"), new LogReader(pipeline.Kafka, "demo-baseline", NullLogger.Instance), cancel);
        await using var alerts = new AlertTail(pipeline.Kafka, baseline);

        var gateway = supervisor.Start(pipeline.Gateway);
        supervisor.Start(pipeline.Scorer);
        var sink = supervisor.Start(pipeline.Sink);
        var api = supervisor.Start(pipeline.Api);
        foreach (var (process, service) in new[] { (gateway, pipeline.Gateway), (sink, pipeline.Sink), (api, pipeline.Api) })
            await supervisor.GuardAsync(supervisor.WaitReadyAsync(process, service.Ready!, cancel));
        _display.Say($"vehicles at {pipeline.Broker}, log at {pipeline.Kafka.BootstrapServers}");
        _display.Say($"dashboard at {pipeline.Dashboard}, logs in {Path.Combine(options.Data, "logs")}");

        var fleet = new Fleet(supervisor, pipeline.Simulator);
        var probe = new PipelineProbe(admin, baseline, fleet, alerts, supervisor, pipeline, _clock);
        Task ShowAsync(string step, Task work) => _display.ShowUntilAsync(supervisor.GuardAsync(work), () => probe.ReadAsync(step));

        await ShowAsync("making history", fleet.WaitUntilLiveAsync(cancel));
        await TrainAsync(ShowAsync, pipeline, first.From, cancel);
        await ShowAsync("scoring the past", probe.WaitForLagAsync(EndOffsets.ScorerGroup, options.Vehicles, cancel));

        if (options.Faults != DemoFaults.Off) fleet.SwitchFaultsOn();
        _display.Say(options.Duration is { } d ? $"live for {d.TotalSeconds:0} s" : "live; Ctrl-C drains and stops everything");
        await ShowAsync("live", WaitAsync(options.Duration, cancel));

        // From here on a Ctrl-C does not matter: it is being stopped already.
        await ShowAsync("draining", fleet.StopAsync());
        foreach (var group in new[] { EndOffsets.ScorerGroup, EndOffsets.SinkGroup })
            await ShowAsync("draining", DrainAsync(probe, group));
        return await CountAsync(pipeline, baseline, fleet, supervisor);
    }

    private async Task<IAdminClient> ConnectAsync(KafkaOptions kafka, Supervisor supervisor, CancellationToken cancel)
    {
        var admin = new AdminClientBuilder(kafka.ToClientConfig("demo")).SetLogHandler((_, _) => { }).Build();
        var until = _clock.Elapsed + TimeSpan.FromSeconds(30);
        while (true)
        {
            try
            {
                admin.GetMetadata(TimeSpan.FromSeconds(2));
                return admin;
            }
            catch (KafkaException e) when (_clock.Elapsed < until)
            {
                _display.Say($"waiting for the log at {kafka.BootstrapServers} ({e.Error.Reason})");
                await supervisor.GuardAsync(Task.Delay(TimeSpan.FromMilliseconds(500), cancel));
            }
            catch (KafkaException e)
            {
                admin.Dispose();
                throw new DemoException($"The log at {kafka.BootstrapServers} does not answer: {e.Error.Reason}. Is it running, and is the address right?");
            }
        }
    }

    /// <summary>Trains and promotes a model a profile, unless an earlier run with the same data did.</summary>
    private async Task TrainAsync(Func<string, Task, Task> show, Pipeline pipeline, DateTimeOffset from, CancellationToken cancel)
    {
        var done = Path.Combine(options.Data, "models.txt");
        if (File.Exists(done)) return;

        var training = new TrainingRun(pipeline, options.Data);
        var models = new List<string>();
        foreach (var profile in Profiles)
        {
            var run = training.TrainAndPromoteAsync(profile, from - TimeSpan.FromMinutes(5), DateTimeOffset.UtcNow, cancel);
            await show($"training {profile}", run);
            models.Add(await run);
            _display.Say($"promoted {models[^1]}");
        }

        await File.WriteAllLinesAsync(done, models, cancel);
    }

    private async Task<Summary> CountAsync(Pipeline pipeline, LogBaseline baseline, Fleet fleet, Supervisor supervisor)
    {
        var vehicles = await Roster.ReadAsync(pipeline.RosterFile);
        var census = new LogCensus(pipeline.Kafka, baseline, vehicles);
        var telemetry = await census.CountTelemetryAsync();
        var scores = await census.CountScoresAsync();
        var alerts = await census.ReadAlertsAsync();
        IReadOnlyList<InjectedFault> faults = File.Exists(pipeline.TruthFile) ? InjectedFault.ReadAll(pipeline.TruthFile) : [];
        var verdict = AlertJudge.Judge(alerts, faults, _started.ToUnixTimeMilliseconds());
        await using var twins = TwinStore.Open(pipeline.Twins);

        return new Summary
        {
            Vehicles = fleet.Report.Vehicles,
            Published = fleet.Report.Published,
            Acknowledged = fleet.Report.Acknowledged,
            InLog = telemetry.Distinct,
            Resent = telemetry.Duplicates,
            Scored = scores.Distinct,
            Duplicates = scores.Duplicates,
            Twins = await TwinCensus.CountAsync(twins, vehicles),
            AlertsRaised = alerts.Count,
            FalseAlerts = verdict.FalseAlerts,
            FaultsInjected = faults.Count,
            FaultsDetected = verdict.FaultsDetected,
            DeadLettered = await census.CountDeadLettersAsync(),
            SecondsToFirstAlert = verdict.FirstDetectionMs is { } first ? Math.Round((first - _started.ToUnixTimeMilliseconds()) / 1000.0, 1) : null,
            Restarts = supervisor.Processes.Sum(p => p.Restarts),
        };
    }

    private async Task DrainAsync(PipelineProbe probe, string group)
    {
        using var timeout = new CancellationTokenSource(DrainTimeout);
        try
        {
            await probe.WaitForLagAsync(group, 0, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            _display.Say($"{group} has not caught up after {DrainTimeout.TotalMinutes:0} minutes; the summary will show what is missing");
        }
    }

    private static async Task WaitAsync(TimeSpan? duration, CancellationToken cancel)
    {
        try
        {
            await Task.Delay(duration ?? Timeout.InfiniteTimeSpan, cancel);
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how a demo without an end is ended.
        }
    }
}
