using System.CommandLine;
using System.Text.Json;
using Kappa.Iot.TrainingJob.Terminal;
using Kappa.Iot.TrainingJob.Training;

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
        var exclude = new Option<string[]>("--exclude") { Description = "Vehicles with known faults: nothing is learned from them.", HelpName = "VIN,...", DefaultValueFactory = _ => [] };
        var alerting = new Option<bool>("--exclude-alerting") { Description = "Nothing is learned from vehicles that have an open alert." };
        var ifDrifted = new Option<bool>("--if-drifted") { Description = "Train only where the range has drifted from the active model's training (see 'drift'), or there is none." };
        var kafka = LogOption.Create();
        var json = new Option<bool>("--json") { Description = "End with one line of JSON." };
        var training = new TrainingSettings();
        var drift = new DriftSettings();
        var decision = new DecisionOptions();
        var command = new Command("train", "Trains a model and writes it to the registry as a candidate.") { profile, from, to, traces, exclude, alerting, ifDrifted, kafka, json };
        training.AddTo(command);
        drift.AddTo(command);
        decision.AddTo(command);
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
            var run = new TrainingRun(log, new TrainingRequest
            {
                Profile = parsed.GetValue(profile)!,
                From = first,
                To = last,
                Traces = parsed.GetValue(traces)?.FullName,
                Options = training.Read(parsed),
                Decision = decision.Read(parsed),
                Exclude = [.. parsed.GetValue(exclude)!.SelectMany(vins => vins.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
                ExcludeAlerting = parsed.GetValue(alerting),
                IfDrifted = parsed.GetValue(ifDrifted) ? drift.Read(parsed) : null,
            }, screen);
            var trained = await run.RunAsync(time, cancel);
            if (parsed.GetValue(json)) screen.Results.WriteLine(JsonSerializer.Serialize(new { model_id = trained?.Version.ModelId, metrics = trained?.Result.Metrics }));
            else if (trained is { } done) screen.Results.WriteLine(done.Version.ModelId);
            return 0;
        });
        return command;
    }
}
