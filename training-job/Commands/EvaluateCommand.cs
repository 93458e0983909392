using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.TrainingJob.Evaluation;
using Kappa.Iot.TrainingJob.Evaluation.Report;
using Kappa.Iot.TrainingJob.Terminal;
using Kappa.Iot.TrainingJob.Traces;
using Spectre.Console;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>evaluate</c>: trains on one folder of traces and scores another with the code that scores live.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Screen screen)
    {
        var train = new Option<DirectoryInfo>("--train") { Description = "Traces of normal driving.", HelpName = "DIR", Required = true };
        var test = new Option<DirectoryInfo>("--test") { Description = "Traces to score.", HelpName = "DIR", Required = true };
        var labels = new Option<FileInfo?>("--labels") { Description = "Faults in the traces to score: trip,fault,from_second,to_second.", HelpName = "FILE" };
        var scores = new Option<FileInfo?>("--scores") { Description = "Writes time,vehicle,score a sample.", HelpName = "FILE" };
        var alerts = new Option<FileInfo?>("--alerts") { Description = "Writes time,vehicle,type,severity an alert.", HelpName = "FILE" };
        var report = new Option<FileInfo?>("--report") { Description = "Writes one HTML page to show to others; wants --labels.", HelpName = "FILE" };
        var profile = new Option<string>("--profile") { Description = "The kind of vehicle.", DefaultValueFactory = _ => VehicleProfiles.Obd };
        var training = new TrainingSettings();
        var command = new Command("evaluate", "Trains on recorded traces, scores others, and measures against known faults.") { train, test, labels, scores, alerts, report, profile };
        training.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(report) is not null && result.GetResult(labels) is null) result.AddError("--report wants --labels: without known faults there is nothing to report.");
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var faults = parsed.GetValue(labels) is { } file ? Fault.Read(file.FullName) : null;
            // Without labels there is nothing to compare by.
            var detectors = faults is null ? [Own] : Detectors;
            var trips = await RunAsync(parsed.GetValue(profile)!, parsed.GetValue(train)!.FullName, parsed.GetValue(test)!.FullName, training.Read(parsed), detectors, screen, cancel);
            var own = trips[Own];
            if (parsed.GetValue(scores) is { } scoresFile) EvaluationFiles.WriteScores(scoresFile.FullName, own);
            if (parsed.GetValue(alerts) is { } alertsFile) EvaluationFiles.WriteAlerts(alertsFile.FullName, own);
            screen.Say($"Scored {own.Sum(trip => trip.Samples.Count)} samples of {own.Count} trips; {own.Sum(trip => trip.Alerts.Count)} alerts.");
            if (faults is null) return 0;

            var result = EvaluationResult.Measure(own, faults) with
            {
                Baselines = trips.Where(other => other.Key != Own).ToDictionary(other => other.Key, other => EvaluationResult.Measure(other.Value, faults)),
            };
            if (parsed.GetValue(report) is { } page)
            {
                var content = new ReportContent(
                    parsed.GetValue(train)!.Name, parsed.GetValue(test)!.Name, CodeVersion.Current, faults,
                    [new ReportSubject(Own, result, own), .. result.Baselines.Select(other => new ReportSubject(other.Key, other.Value, trips[other.Key]))]);
                await File.WriteAllTextAsync(page.FullName, ReportPage.Write(content), cancel);
                screen.Say($"The report is in {page.FullName}.");
            }
            Report(screen, result);
            screen.Results.WriteLine(JsonSerializer.Serialize(result));
            return 0;
        });
        return command;
    }

    private const string Own = VirtualSensorModel.Detector;
    private static readonly string[] Detectors = [Own, PcaModel.Detector];

    private static Task<Dictionary<string, IReadOnlyList<ScoredTrip>>> RunAsync(
        string profile, string train, string test, TrainingOptions options, string[] detectors, Screen screen, CancellationToken cancel)
    {
        var files = TraceFiles.Find(test, out _);
        return screen.WithProgressAsync(context => Task.Run(() =>
        {
            var set = new TrainingSet(profile, options);
            var reading = context.AddTask("read", maxValue: 1);
            RecordedTraces.Read(train, set, new Lineage(), new Callback<double>(share => reading.Value = share), cancel);
            var trips = new Dictionary<string, IReadOnlyList<ScoredTrip>>();
            foreach (var name in detectors)
            {
                var trained = name == PcaModel.Detector ? PcaTrainer.Train(set, options, cancel) : VirtualSensorTrainer.Train(set, options, TrainingBar.In(context), cancel);
                var detector = ModelArtifact.Load("evaluated", trained.Artifact);
                var scoring = context.AddTask($"score with {name}", maxValue: files.Count);
                trips.Add(name,
                [
                    .. files.SelectMany(file =>
                    {
                        cancel.ThrowIfCancellationRequested();
                        var played = ScoredTrip.Play(detector, RecordedTraces.Batches(file, profile));
                        scoring.Increment(1);
                        return played;
                    }),
                ]);
            }
            return trips;
        }, cancel));
    }

    private static void Report(Screen screen, EvaluationResult result)
    {
        var table = new Table().AddColumns("fault", "found", "delays (s)", "raised as");
        foreach (var kind in result.ByFault.GroupBy(found => found.Fault.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal))
        {
            var delays = kind.OrderBy(found => found.Delay ?? double.MaxValue).Select(found => found.Delay?.ToString("0", CultureInfo.InvariantCulture) ?? "-");
            var types = kind.Select(found => found.Type).OfType<AlertType>().GroupBy(type => type).OrderByDescending(type => type.Count()).Select(type => $"{type.Key} {type.Count()}");
            table.AddRow(Markup.Escape(kind.Key), $"{kind.Count(found => found.Delay is not null)}/{kind.Count()}", string.Join(' ', delays), string.Join(", ", types));
        }
        screen.People.Write(table);

        var compared = new Table().AddColumns("detector", "AUC", "AP", "recall", "false/h", "median delay (s)");
        AddRow(compared, Own, result);
        foreach (var (name, baseline) in result.Baselines) AddRow(compared, name, baseline);
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
