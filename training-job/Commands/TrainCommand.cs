using System.CommandLine;
using System.Text.Json;
using Kappa.Iot.TrainingJob.Training;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>train</c>: a new model version, from a range of the log or from recorded traces.</summary>
internal static class TrainCommand
{
    public static Command Create(Screen screen)
    {
        var time = TimeProvider.System;
        var profile = new Option<string>("--profile") { Description = "The kind of vehicle.", HelpName = "P", Required = true };
        var range = new TimeRangeOptions();
        var traces = new Option<DirectoryInfo?>("--traces") { Description = "Recorded traces (CSV) instead of the log.", HelpName = "DIR" };
        var exclude = new Option<string[]>("--exclude") { Description = "Vehicles with known faults: nothing is learned from them.", HelpName = "VIN,...", DefaultValueFactory = _ => [] };
        var alerting = new Option<bool>("--exclude-alerting") { Description = "Nothing is learned from vehicles that have an open alert." };
        var ifDrifted = new Option<bool>("--if-drifted") { Description = "Train only where the range has drifted from the active model's training (see 'drift'), or there is none." };
        var kafka = LogOption.Create();
        var json = new Option<bool>("--json") { Description = "End with one line of JSON." };
        var training = new TrainingSettings();
        var drift = new DriftSettings();
        var decision = new DecisionOptions();
        var command = new Command("train", "Trains a model and writes it to the registry as a candidate.") { profile, traces, exclude, alerting, ifDrifted, kafka, json };
        range.AddTo(command);
        training.AddTo(command);
        drift.AddTo(command);
        decision.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(traces) is null == result.GetResult(range.From) is null) result.AddError("Give either --from (and --to) or --traces.");
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var (from, to) = range.Read(parsed);
            var log = await LogOption.ConnectAsync(parsed.GetValue(kafka)!);
            var run = new TrainingRun(log, new TrainingRequest
            {
                Profile = parsed.GetValue(profile)!,
                From = from ?? to,
                To = to,
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
