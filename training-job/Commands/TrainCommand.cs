using System.CommandLine;
using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Drift;
using Kappa.Iot.TrainingJob.Log;
using Kappa.Iot.TrainingJob.Terminal;
using Kappa.Iot.TrainingJob.Traces;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>train</c>: a new model version, from a range of the log or from recorded traces.</summary>
internal static class TrainCommand
{
    public static Command Create(Screen screen)
    {
        var time = TimeProvider.System;
        var profile = new Option<string>("--profile") { Description = "The kind of vehicle.", HelpName = "P", Required = true };
        var from = TimeArgument.Option("--from", "First event time: ISO 8601 or -2h.", time);
        var to = TimeArgument.Option("--to", "First event time after the range. Default: now.", time);
        var traces = new Option<DirectoryInfo?>("--traces") { Description = "Recorded traces (CSV) instead of the log.", HelpName = "DIR" };
        var kafka = LogOption.Create();
        var by = new Option<string>("--by") { Description = "Who trains.", DefaultValueFactory = _ => Environment.UserName };
        var json = new Option<bool>("--json") { Description = "End with one line of JSON." };
        var training = new TrainingSettings();
        var command = new Command("train", "Trains a model and writes it to the registry as a candidate.") { profile, from, to, traces, kafka, by, json };
        training.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(traces) is null == result.GetResult(from) is null) result.AddError("Give either --from (and --to) or --traces.");
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var now = time.GetUtcNow();
            var first = parsed.GetValue(from) is { } fromText ? TimeArgument.Parse(fromText, now) : now;
            var last = parsed.GetValue(to) is { } toText ? TimeArgument.Parse(toText, now) : now;
            if (parsed.GetValue(from) is not null && last <= first)
            {
                screen.Say($"--to ({last:u}) must be after --from ({first:u}).");
                return 2;
            }
            var log = await LogOption.ConnectAsync(parsed.GetValue(kafka)!);
            var request = new Request(
                parsed.GetValue(profile)!, first, last, parsed.GetValue(traces)?.FullName,
                training.Read(parsed), parsed.GetValue(by)!);
            var (version, result) = await TrainAsync(log, request, time, screen, cancel);
            if (parsed.GetValue(json)) screen.Results.WriteLine(JsonSerializer.Serialize(new { model_id = version.ModelId, metrics = result.Metrics }));
            else screen.Results.WriteLine(version.ModelId);
            return 0;
        });
        return command;
    }

    private static async Task<(ModelVersion Version, TrainingResult Result)> TrainAsync(
        KafkaOptions kafka, Request request, TimeProvider time, Screen screen, CancellationToken cancel)
    {
        var set = new TrainingSet(request.Profile, request.Options);
        var lineage = new Lineage { CodeVersion = CodeVersion.Current };
        var result = await screen.WithProgressAsync(async context =>
        {
            var reading = context.AddTask("read", maxValue: 1);
            var read = new Callback<double>(share => reading.Value = share);
            if (request.Traces is { } folder)
            {
                RecordedTraces.Read(folder, set, lineage, read, cancel);
            }
            else
            {
                var range = new TelemetryRange(kafka, NullLogger.Instance);
                await range.ReadAsync(set, request.From, request.To, read, cancel);
                range.Describe(lineage);
                lineage.FromMs = request.From.ToUnixTimeMilliseconds();
                lineage.ToMs = request.To.ToUnixTimeMilliseconds();
                if (range.Unreadable > 0) screen.Say($"{range.Unreadable} records of the range are no telemetry and were passed over.");
            }
            return await Task.Run(() => VirtualSensorTrainer.Train(set, request.Options, TrainingBar.In(context), cancel), cancel);
        });

        var registry = new ModelRegistry(kafka, NullLogger.Instance);
        var parent = (await registry.ReadAllAsync(cancel)).Active.GetValueOrDefault(request.Profile)?.ModelId;
        lineage.ParentModelId = parent ?? "";
        lineage.Vehicles = (ulong)set.Vehicles;
        lineage.Batches = (ulong)set.Batches;
        var version = Describe(request, result, lineage, DriftReport.Summarise(set, result), time.GetUtcNow());
        await registry.PublishAsync(version, result.Artifact, cancel);
        Report(screen, set, result, version);
        return (version, result);
    }

    private static ModelVersion Describe(Request request, TrainingResult result, Lineage lineage, TrainingSummary summary, DateTimeOffset now)
    {
        var checksum = System.Security.Cryptography.SHA256.HashData(result.Artifact);
        var version = new ModelVersion
        {
            ModelId = $"{request.Profile}-{now.UtcDateTime:yyyyMMdd-HHmmss}-{Convert.ToHexStringLower(checksum)[..8]}",
            Profile = request.Profile,
            Detector = VirtualSensorModel.Detector,
            Stage = ModelStage.Candidate,
            CreatedAtMs = now.ToUnixTimeMilliseconds(),
            CreatedBy = request.By,
            Lineage = lineage,
        };
        version.History.Add(ModelRegistry.Change(ModelStage.Candidate, new Decision(request.By, now)));
        version.Summary = summary;
        foreach (var (name, value) in result.Metrics) version.Metrics[name] = value;
        foreach (var (name, value) in result.Parameters) version.Parameters[name] = value;
        return version;
    }

    private static void Report(Screen screen, TrainingSet set, TrainingResult result, ModelVersion version)
    {
        screen.Say($"Read {set.Batches} batches of {set.Vehicles} vehicles ({result.Metrics["vehicle_hours"]:0.0} vehicle hours); {set.Duplicates} were there already or too late, {set.OtherProfiles} were of other profiles.");
        if (set.VehiclesLeftOut > 0) screen.Say($"{set.VehiclesLeftOut} vehicles were left out, those with the highest hash of their id: more than {version.Parameters["max_steps"]} steps are not kept.");
        foreach (var left in result.LeftOut) screen.Say($"Signal {SignalCatalogue.Find(left.Signal)?.Path} is left out: {left.Reason}.");
        screen.Say($"Model {version.ModelId}: {result.Metrics["false_alerts_per_hour"]:0.000} false alerts an hour and vehicle on vehicles it had not seen. 'promote {version.ModelId}' makes it score.");
    }

    private sealed record Request(string Profile, DateTimeOffset From, DateTimeOffset To, string? Traces, TrainingOptions Options, string By);
}
