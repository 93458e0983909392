using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Kappa.Iot.ScoringService.Commands;

/// <summary><c>compare</c>: what two generations differ in.</summary>
internal static class CompareCommand
{
    public static Command Create(Screen screen)
    {
        var first = GenerationName.Argument("FIRST", "A generation, or live: what the service wrote.", allowLive: true);
        var second = GenerationName.Argument("SECOND", "Another one.", allowLive: true);
        var html = new Option<FileInfo?>("--html") { Description = "Write the comparison as a page to this file.", HelpName = "FILE" };
        var json = new Option<bool>("--json") { Description = "Print the figures as one JSON line." };
        var kafka = LogOption.Create();
        var command = new Command("compare", "Shows what two generations differ in, where both have scored the same telemetry: scores, and alerts gained, lost and moved.")
        {
            first, second, html, json, kafka,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(first) is { } one && one == result.GetValue(second)) result.AddError($"'{one}' need not be compared with itself.");
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var (log, scoring) = await LogOption.ConnectAsync(parsed.GetValue(kafka));
            var generations = await new GenerationRegistry(log, NullLogger.Instance).ReadAllAsync(cancel);
            var partitions = (await new LogReader(log, "compare", NullLogger.Instance).FindAsync(scoring.Topics.Telemetry, LogStart.Beginning, cancel)).Select(range => range.Partition.Partition.Value).ToList();
            var (one, other) = (Side(parsed.GetValue(first)!), Side(parsed.GetValue(second)!));
            var comparison = new GenerationComparison(log, NullLogger.Instance);
            await screen.WithProgressAsync(async context =>
            {
                var bar = context.AddTask("compare", maxValue: 1);
                await comparison.RunAsync(one, other, new Bar(bar), cancel);
                return 0;
            });

            if (comparison.Scores is { Both: 0, OnlyFirst: 0, OnlySecond: 0 })
                throw new CommandException($"{one.Name} and {other.Name} have no telemetry in common: they are of different ranges.");
            if (parsed.GetValue(json)) screen.Results.WriteLine(Json(one, other, comparison));
            else Print(screen, one, other, comparison);
            if (parsed.GetValue(html) is { } file)
            {
                await File.WriteAllTextAsync(file.FullName, ComparisonPage.Of(one, other, comparison, Range(one, other)), cancel);
                screen.Say($"The page is {file.FullName}.");
            }

            return 0;

            ComparedSide Side(string name) => ComparedSide.Of(name, generations, log, scoring, partitions);
        });
        return command;
    }

    private static string Json(ComparedSide one, ComparedSide other, GenerationComparison comparison) => JsonSerializer.Serialize(new
    {
        first = one.Name,
        second = other.Name,
        scores = new
        {
            both = comparison.Scores.Both,
            identical = comparison.Scores.Identical,
            different = comparison.Scores.Different,
            only_first = comparison.Scores.OnlyFirst,
            only_second = comparison.Scores.OnlySecond,
            max_difference = comparison.Scores.Max,
            mean_difference = comparison.Scores.Mean,
        },
        alerts = Enum.GetValues<AlertFate>().ToDictionary(fate => fate.ToString().ToLowerInvariant(), fate => comparison.With(fate).Count()),
    });

    private static void Print(Screen screen, ComparedSide one, ComparedSide other, GenerationComparison comparison)
    {
        var scores = comparison.Scores;
        Say($"Scores: {scores.Both:N0} batches scored by both, {scores.Identical:N0} the same to the last bit, {scores.Different:N0} another score; {scores.OnlyFirst:N0} only by {one.Name}, {scores.OnlySecond:N0} only by {other.Name}.");
        if (scores.Different > 0) Say($"  Largest difference {scores.Max:0.######} ({scores.MaxAt}), mean {scores.Mean:0.########}.");
        Say($"Alerts: {Count(AlertFate.Same)} the same, {Count(AlertFate.Gained)} gained, {Count(AlertFate.Lost)} lost, {Count(AlertFate.Moved)} moved, {Count(AlertFate.Changed)} changed.");
        foreach (var alert in comparison.Alerts.Where(alert => alert.Fate != AlertFate.Same).OrderBy(alert => alert.Any.RaisedAtMs).Take(20))
        {
            var second = alert is { First: { } was, Second: { } now } && was.RaisedAtMs != now.RaisedAtMs ? $" -> {GenerationPlan.Iso(now.RaisedAtMs)}" : "";
            Say($"  {alert.Fate.ToString().ToLowerInvariant(),-8} {alert.Any.Vin} {alert.Any.Type} {alert.Any.Severity} raised {GenerationPlan.Iso(alert.Any.RaisedAtMs)}{second}");
        }

        int Count(AlertFate fate) => comparison.With(fate).Count();
        void Say(FormattableString line) => screen.Results.WriteLine(line.ToString(CultureInfo.InvariantCulture));
    }

    private static string Range(ComparedSide one, ComparedSide other)
    {
        var (from, to) = (Math.Max(one.FromMs, other.FromMs), Math.Min(one.ToMs, other.ToMs));
        return from == long.MinValue ? "" : $", from {GenerationPlan.Iso(from)} to {GenerationPlan.Iso(to)}";
    }

    private sealed class Bar(ProgressTask task) : IProgress<double>
    {
        public void Report(double value) => task.Value = value;
    }
}
