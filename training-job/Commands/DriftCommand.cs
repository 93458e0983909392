using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Drift;
using Kappa.Iot.TrainingJob.Log;
using Kappa.Iot.TrainingJob.Terminal;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>drift</c>: whether what vehicles send is still what the model was trained on. Exit code 3 where it is not.</summary>
internal static class DriftCommand
{
    /// <summary>The exit code that says that something drifted.</summary>
    public const int Drifted = 3;

    public static Command Create(Screen screen)
    {
        var range = new TimeRangeOptions(required: true);
        var model = new Option<string?>("--model") { Description = "Compare with this model's training. Default: each profile's active model.", HelpName = "ID" };
        var profile = new Option<string?>("--profile") { Description = "Only this kind of vehicle.", HelpName = "P" };
        var kafka = LogOption.Create();
        var json = new Option<bool>("--json") { Description = "A line of JSON a profile instead of tables." };
        var thresholds = new DriftSettings();
        var command = new Command("drift", "Compares telemetry and scores of a time range with the training's. Exit code: 0 no drift, 1 failed, 2 wrong usage, 3 drifted.") { model, profile, kafka, json };
        range.AddTo(command);
        thresholds.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var (from, to) = range.Read(parsed);
            var log = await LogOption.ConnectAsync(parsed.GetValue(kafka)!);
            var registry = new ModelRegistry(log, NullLogger.Instance);
            var drifted = false;
            foreach (var version in Choose(await registry.ReadAllAsync(cancel), parsed.GetValue(model), parsed.GetValue(profile)))
            {
                var detector = ModelArtifact.Load(version.ModelId, await registry.ReadArtifactAsync(version, cancel));
                var report = await screen.WithProgressAsync(async context =>
                {
                    var reading = context.AddTask($"read {version.Profile}", maxValue: 1);
                    var set = new TrainingSet(version.Profile, DriftReport.Limits);
                    await new TelemetryRange(log, screen).ReadAsync(set, from!.Value, to, new Callback<double>(share => reading.Value = share), cancel);
                    return await Task.Run(() => DriftReport.Of(version, detector, set, thresholds.Read(parsed), cancel), cancel);
                });
                drifted |= report.Drifted;
                if (parsed.GetValue(json)) screen.Results.WriteLine(JsonSerializer.Serialize(report));
                else Write(screen, report);
            }
            return drifted ? Drifted : 0;
        });
        return command;
    }

    /// <summary>A table, and the verdict in a line.</summary>
    public static void Write(Screen screen, DriftReport report)
    {
        var table = new Table().AddColumns("", "PSI", "KS", "median in training", "median now", "missing in training", "missing now", "");
        foreach (var line in report.Lines)
        {
            static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
            table.AddRow(
                Markup.Escape(line.Signal), Number(line.Psi, "0.000"), Number(line.Ks, "0.000"), Number(line.TrainingMedian, "0.###"), Number(line.Median, "0.###"),
                Number(line.TrainingMissing, "0.0%"), Number(line.Missing, "0.0%"), line.Drifted ? "drifted" : "");
        }
        screen.WriteTable(table);
        screen.Results.WriteLine(FormattableString.Invariant(
            $"{report.Profile}: {report.Lines.Count(line => line.Drifted)} of {report.Lines.Count} drifted (PSI from {report.Thresholds.Psi}, KS from {report.Thresholds.Ks}) against {report.ModelId}, in {report.Batches} batches of {report.Vehicles} vehicles."));
    }

    private static IReadOnlyList<ModelVersion> Choose(RegistrySnapshot registry, string? model, string? profile)
    {
        if (model is not null) return [registry.Find(model)];
        var active = registry.Active.Values.Where(active => profile is null || active.Profile == profile).OrderBy(active => active.Profile, StringComparer.Ordinal).ToList();
        if (active.Count == 0) throw new CommandException(profile is null ? "No profile has an active model. 'list' shows the models." : $"The profile '{profile}' has no active model. 'list' shows the models; --model names one.");
        return [.. active.Select(one => registry.Find(one.ModelId))];
    }
}
