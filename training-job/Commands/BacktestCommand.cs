using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Backtests;
using Kappa.Iot.TrainingJob.Terminal;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>backtest</c>: what a model would have made of a range of the log, beside the one that scores.</summary>
internal static class BacktestCommand
{
    // Alerts a terminal shows; --json has all.
    private const int Shown = 40;

    public static Command Create(Screen screen)
    {
        var model = new Option<string>("--model") { Description = "The candidate.", HelpName = "ID", Required = true };
        var against = new Option<string?>("--against") { Description = "The model to compare it with. Default: the active one of its profile.", HelpName = "ID" };
        var range = new TimeRangeOptions(required: true);
        var kafka = LogOption.Create();
        var json = new Option<bool>("--json") { Description = "One line of JSON, with every alert, instead of tables." };
        var command = new Command("backtest", "Plays a range of the log through two models with the code that scores live: alerts gained, lost, earlier, later; scores; cost. Writes nothing to the log.")
        {
            model, against, kafka, json,
        };
        range.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var (from, to) = range.Read(parsed);
            var log = await LogOption.ConnectAsync(parsed.GetValue(kafka)!);
            var backtest = await LoadAsync(new ModelRegistry(log, NullLogger.Instance), parsed.GetValue(model)!, parsed.GetValue(against), cancel);
            var report = await screen.WithProgressAsync(context =>
            {
                var playing = context.AddTask("play", maxValue: 1);
                return backtest.RunAsync(log, from!.Value, to, new Callback<double>(share => playing.Value = share), screen, cancel);
            });
            if (parsed.GetValue(json)) screen.Results.WriteLine(JsonSerializer.Serialize(report));
            else Write(screen, report);
            return 0;
        });
        return command;
    }

    private static async Task<Backtest> LoadAsync(ModelRegistry registry, string modelId, string? againstId, CancellationToken cancel)
    {
        var models = await registry.ReadAllAsync(cancel);
        var version = models.Find(modelId);
        if (againstId is null && !models.Active.ContainsKey(version.Profile))
            throw new CommandException($"The profile '{version.Profile}' has no active model to compare with. --against names one; 'list' shows them.");
        var other = models.Find(againstId ?? models.Active[version.Profile].ModelId);
        if (other.ModelId == modelId) throw new CommandException($"Model '{modelId}' is the active one. --against names another to compare it with.");
        if (other.Profile != version.Profile) throw new CommandException($"Model '{modelId}' is of profile '{version.Profile}', '{other.ModelId}' of '{other.Profile}': they do not score the same vehicles.");
        return new Backtest(
            ModelArtifact.Load(modelId, await registry.ReadArtifactAsync(version, cancel)), ModelArtifact.Load(other.ModelId, await registry.ReadArtifactAsync(other, cancel)));
    }

    private static void Write(Screen screen, BacktestReport report)
    {
        screen.Results.WriteLine(FormattableString.Invariant(
            $"{report.Profile}, {report.From:u} to {report.To:u}: {report.Batches} batches of {report.Vehicles} vehicles, {report.VehicleHours:0.0} hours; {report.Duplicates} duplicates or late."));
        var sides = new Table().AddColumns("", "model", "alerts", "alerts/h", "us a batch (median)");
        foreach (var (name, side) in new[] { ("candidate", report.Candidate), ("against", report.Against) })
            sides.AddRow(name, Markup.Escape(side.ModelId), Number(side.Alerts, "0"), Number(report.VehicleHours > 0 ? side.Alerts / report.VehicleHours : null, "0.000"), Number(side.MicrosecondsPerBatch, "0.0"));
        screen.WriteTable(sides);
        screen.Results.WriteLine($"Alerts: {report.Gained} gained, {report.Lost} lost, {report.Earlier} earlier, {report.Later} later, {report.SameTime} at the same time.");
        screen.Results.WriteLine(FormattableString.Invariant(
            $"Scores of {report.Scores.Batches} batches: candidate minus other is {report.Scores.Mean:0.0000} on average; half differ by at most {report.Scores.Median:0.000}, 99 % by {report.Scores.P99:0.000}, all by {report.Scores.Max:0.000}."));
        var changed = report.Alerts.Where(line => line.Change != "same").ToList();
        if (changed.Count == 0) return;
        var alerts = new Table().AddColumns("change", "vehicle", "candidate", "against", "later by");
        foreach (var line in changed.Take(Shown))
        {
            var later = line.CandidateRaisedAt is { } own && line.AgainstRaisedAt is { } other ? Number((own - other) / 1000.0, "0 s") : "";
            alerts.AddRow(line.Change, Markup.Escape(line.Vehicle), Alert(line.CandidateType, line.CandidateRaisedAt), Alert(line.AgainstType, line.AgainstRaisedAt), later);
        }
        screen.WriteTable(alerts);
        if (changed.Count > Shown) screen.Results.WriteLine($"and {changed.Count - Shown} more; --json has them all.");
    }

    private static string Alert(string? type, long? at) => at is null ? "" : $"{type} {DateTimeOffset.FromUnixTimeMilliseconds(at.Value):u}";

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
