using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.TrainingJob.Evaluation;
using Kappa.Iot.TrainingJob.Evaluation.Report;
using Spectre.Console;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>evaluate</c>: how well a model, trained now or of the registry, finds faults that are known, in traces or on the log.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Screen screen)
    {
        var train = new Option<DirectoryInfo?>("--train") { Description = "Traces of normal driving to train a model on, and the baseline beside it.", HelpName = "DIR" };
        var model = new Option<string?>("--model") { Description = "A model of the registry instead.", HelpName = "ID" };
        var test = new Option<DirectoryInfo?>("--test") { Description = "Traces to score.", HelpName = "DIR" };
        var range = new TimeRangeOptions(from: "The log's telemetry to score instead, from this event time on: ISO 8601 or -2h.");
        var labels = new Option<FileInfo?>("--labels") { Description = "Faults that are known: a table trip,fault,from_second,to_second, or the simulator's truth file.", HelpName = "FILE" };
        var scores = new Option<FileInfo?>("--scores") { Description = "Writes time,vehicle,score a sample.", HelpName = "FILE" };
        var alerts = new Option<FileInfo?>("--alerts") { Description = "Writes time,vehicle,type,severity an alert.", HelpName = "FILE" };
        var report = new Option<FileInfo?>("--report") { Description = "Writes one HTML page to show to others; wants --labels.", HelpName = "FILE" };
        var profile = new Option<string>("--profile") { Description = "The kind of vehicle, where a model is trained.", DefaultValueFactory = _ => VehicleProfiles.Obd };
        var kafka = LogOption.Create();
        var training = new TrainingSettings();
        var command = new Command("evaluate", "Scores traces or a range of the log with the code that scores live, and measures against known faults.") { train, model, test, labels, scores, alerts, report, profile, kafka };
        range.AddTo(command);
        training.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(train) is null == result.GetResult(model) is null) result.AddError("Give either --train or --model.");
            if (result.GetResult(test) is null == result.GetResult(range.From) is null) result.AddError("Give either --test or --from (and --to).");
            if (result.GetResult(report) is not null && result.GetResult(labels) is null) result.AddError("--report wants --labels: without known faults there is nothing to report.");
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var (from, to) = range.Read(parsed);
            var known = parsed.GetValue(labels) is { } file ? KnownFaults.Read(file.FullName) : null;
            var request = new EvaluationRequest
            {
                Train = parsed.GetValue(train)?.FullName,
                ModelId = parsed.GetValue(model),
                Profile = parsed.GetValue(profile)!,
                Options = training.Read(parsed),
                Test = parsed.GetValue(test)?.FullName,
                From = from ?? to,
                To = to,
                WithBaseline = known is not null, // without labels there is nothing to compare by
                KeepSteps = parsed.GetValue(report) is not null,
            };
            var detectors = await new EvaluationRun(request, screen).RunAsync(() => LogOption.ConnectAsync(parsed.GetValue(kafka)!), cancel);
            var own = detectors[0].Trips;
            if (parsed.GetValue(scores) is { } scoresFile) EvaluationFiles.WriteScores(scoresFile.FullName, own);
            if (parsed.GetValue(alerts) is { } alertsFile) EvaluationFiles.WriteAlerts(alertsFile.FullName, own);
            screen.Say($"Scored {own.Sum(trip => trip.Samples.Count)} samples of {own.Count} trips; {own.Sum(trip => trip.Alerts.Count)} alerts.");
            if (known is null) return 0;

            var faults = known.In(own, out var elsewhere);
            if (elsewhere > 0) screen.Say($"{elsewhere} faults of other vehicles or times do not count.");
            var subjects = detectors.Select(detector => new ReportSubject(detector.Name, EvaluationResult.Measure(detector.Trips, faults), detector.Trips)).ToList();
            var result = subjects[0].Result with { Baselines = subjects.Skip(1).ToDictionary(subject => subject.Name, subject => subject.Result) };
            if (parsed.GetValue(report) is { } page)
            {
                await File.WriteAllTextAsync(page.FullName, ReportPage.Write(new ReportContent(request.Model, request.Data, CodeVersion.Current, faults, subjects)), cancel);
                screen.Say($"The report is in {page.FullName}.");
            }
            Report(screen, subjects);
            screen.Results.WriteLine(JsonSerializer.Serialize(result));
            return 0;
        });
        return command;
    }

    private static void Report(Screen screen, List<ReportSubject> subjects)
    {
        var table = new Table().AddColumns("fault", "found", "delays (s)", "raised as");
        foreach (var kind in subjects[0].Result.ByFault.GroupBy(found => found.Fault.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal))
        {
            var delays = kind.OrderBy(found => found.Delay ?? double.MaxValue).Select(found => found.Delay?.ToString("0", CultureInfo.InvariantCulture) ?? "-");
            var types = kind.Select(found => found.Type).OfType<AlertType>().GroupBy(type => type).OrderByDescending(type => type.Count()).Select(type => $"{type.Key} {type.Count()}");
            table.AddRow(Markup.Escape(kind.Key), $"{kind.Count(found => found.Delay is not null)}/{kind.Count()}", string.Join(' ', delays), string.Join(", ", types));
        }
        screen.People.Write(table);

        var compared = new Table().AddColumns("detector", "AUC", "AP", "recall", "false/h", "median delay (s)");
        foreach (var (name, result, _) in subjects) AddRow(compared, name, result);
        screen.People.Write(compared);
    }

    /// <summary>A detector's figures, each with the range that resampled trips give.</summary>
    private static void AddRow(Table table, string name, EvaluationResult result)
    {
        string Cell(string figure, double? value, string format) => value is null ? "-"
            : result.Intervals.TryGetValue(figure, out var range)
                ? string.Create(CultureInfo.InvariantCulture, $"{value.Value.ToString(format, CultureInfo.InvariantCulture)} ({range[0].ToString(format, CultureInfo.InvariantCulture)} to {range[1].ToString(format, CultureInfo.InvariantCulture)})")
                : value.Value.ToString(format, CultureInfo.InvariantCulture);
        table.AddRow(
            name, Cell("auc", result.Auc, "0.000"), Cell("average_precision", result.AveragePrecision, "0.000"), Cell("recall", result.Recall, "0.00"),
            Cell("false_alerts_per_hour", result.FalseAlertsPerHour, "0.00"), Cell("median_delay_s", result.MedianDelaySeconds, "0"));
    }
}
