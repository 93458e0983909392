using System.CommandLine;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Export;
using Kappa.Iot.TrainingJob.Log;
using Kappa.Iot.TrainingJob.Terminal;
using Kappa.Iot.TrainingJob.Traces;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>export</c>: what a model saw and said of a range of the log, or of traces, as Parquet for notebooks.</summary>
internal static class ExportCommand
{
    private const string FileName = "steps.parquet";

    public static Command Create(Screen screen)
    {
        var range = new TimeRangeOptions();
        var traces = new Option<DirectoryInfo?>("--traces") { Description = "Recorded traces (CSV) instead of the log.", HelpName = "DIR" };
        var into = new Option<DirectoryInfo>("--out") { Description = $"Folder for {FileName}.", HelpName = "DIR", Required = true };
        var profile = new Option<string>("--profile") { Description = "The kind of vehicle whose active model scores.", HelpName = "P", DefaultValueFactory = _ => VehicleProfiles.Obd };
        var model = new Option<string?>("--model") { Description = "A model of the registry instead of the active one.", HelpName = "ID" };
        var kafka = LogOption.Create();
        var command = new Command("export", "Writes features and scores as Parquet, a row a scored batch.") { traces, into, profile, model, kafka };
        range.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(traces) is null == result.GetResult(range.From) is null) result.AddError("Give either --from (and --to) or --traces.");
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var (from, to) = range.Read(parsed);
            var log = await LogOption.ConnectAsync(parsed.GetValue(kafka)!);
            var detector = await LoadAsync(log, parsed.GetValue(model), parsed.GetValue(profile)!, cancel);
            var files = parsed.GetValue(traces) is { } folder ? TraceFiles.Find(folder.FullName, out _) : null;

            var path = Path.Combine(Directory.CreateDirectory(parsed.GetValue(into)!.FullName).FullName, FileName);
            // Beside its place until it is whole.
            var unfinished = path + ".unfinished";
            try
            {
                await WriteAsync(unfinished, detector, (export, progress) => files is null
                    ? new TelemetryRange(log, screen).ReadAsync(Take(export), from!.Value, to, progress, cancel)
                    : RecordedTraces.ReadAsync(files, detector.Profile, Take(export), progress, cancel), screen, cancel);
                File.Move(unfinished, path, overwrite: true);
            }
            finally
            {
                File.Delete(unfinished);
            }
            screen.Results.WriteLine(path);
            return 0;

            Func<TelemetryBatch, int, long, ValueTask> Take(StepExport export) => (batch, partition, offset) => export.AddAsync(batch, partition, offset, cancel);
        });
        return command;
    }

    private static async Task WriteAsync(string path, IDetector detector, Func<StepExport, IProgress<double>, Task> read, Screen screen, CancellationToken cancel)
    {
        await using var file = await StepFile.CreateAsync(path, detector.CreateWindow().Shape.Signals, cancel);
        var export = new StepExport(detector, file);
        await screen.WithProgressAsync(async context =>
        {
            var reading = context.AddTask("score", maxValue: 1);
            await read(export, new Callback<double>(share => reading.Value = share));
            return 0;
        });
        await file.CompleteAsync(cancel);
        if (file.Rows == 0) throw new CommandException($"There is no telemetry of the profile {detector.Profile} to export{(export.OtherProfiles > 0 ? $", only {export.OtherProfiles} batches of others" : "")}.");
        screen.Say($"Wrote {file.Rows} rows of {export.Vehicles} vehicles, scored by {detector.ModelId}; {export.NotScored} batches were there already or too late, {export.OtherProfiles} were of other profiles.");
    }

    private static async Task<IDetector> LoadAsync(KafkaOptions kafka, string? modelId, string profile, CancellationToken cancel)
    {
        var registry = new ModelRegistry(kafka, NullLogger.Instance);
        modelId ??= (await registry.ReadAllAsync(cancel)).Active.GetValueOrDefault(profile)?.ModelId
            ?? throw new CommandException($"The profile '{profile}' has no active model. Promote one, or name one with --model; 'list' shows them.");
        return ModelArtifact.Load(modelId, await registry.ReadArtifactAsync(modelId, cancel));
    }
}
