using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Drift;
using Kappa.Iot.TrainingJob.Terminal;
using Kappa.Iot.TrainingJob.Traces;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>register</c>: a model that was trained elsewhere, as ONNX, becomes a candidate like any other.</summary>
internal static class RegisterCommand
{
    public static Command Create(Screen screen)
    {
        var onnx = new Option<FileInfo>("--onnx") { Description = "The network.", HelpName = "FILE", Required = true };
        var manifest = new Option<FileInfo>("--manifest") { Description = "JSON that names its signals, rows, scaling, output and threshold.", HelpName = "FILE", Required = true };
        var traces = new Option<DirectoryInfo?>("--traces") { Description = "Recorded normal driving: for drift, and to find the threshold on where the manifest has none.", HelpName = "DIR" };
        var rate = new Option<double>("--false-alerts-per-hour") { Description = "Alerts an hour and vehicle that normal driving may raise.", HelpName = "N", DefaultValueFactory = _ => new TrainingOptions().FalseAlertsPerHour };
        rate.Validators.Add(result =>
        {
            if (!result.Errors.Any() && !(result.GetValueOrDefault<double>() > 0)) result.AddError("--false-alerts-per-hour must be above 0.");
        });
        var kafka = LogOption.Create();
        var decision = new DecisionOptions();
        var command = new Command("register", "Writes an ONNX model to the registry as a candidate.") { onnx, manifest, traces, rate, kafka };
        decision.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var said = OnnxManifest.Read(await ReadTextAsync(parsed.GetValue(manifest)!, cancel), parsed.GetValue(manifest)!.Name);
            var network = await ReadAsync(parsed.GetValue(onnx)!, cancel);
            var lineage = new Lineage();
            var normal = parsed.GetValue(traces) is { } folder ? Read(folder, said.Profile, lineage, cancel) : null;
            var (artifact, metrics) = OnnxImport.Create(network, said, normal?.Drives().SelectMany(drive => drive), parsed.GetValue(rate));

            var by = decision.Read(parsed);
            var version = new ModelVersion
            {
                ModelId = $"{said.Profile}-{by.At.UtcDateTime:yyyyMMdd-HHmmss}-{Convert.ToHexStringLower(SHA256.HashData(artifact))[..8]}",
                Profile = said.Profile,
                Detector = OnnxModel.Detector,
                Stage = ModelStage.Candidate,
                CreatedAtMs = by.At.ToUnixTimeMilliseconds(),
                CreatedBy = by.By,
                Lineage = lineage,
                // So that drift can be told.
                Summary = normal is null ? null : DriftReport.Summarise(normal, ModelArtifact.Load("registered", artifact), cancel),
            };
            (lineage.Source, lineage.CodeVersion) = (parsed.GetValue(onnx)!.Name, CodeVersion.Current);
            version.Parameters.Add(new Dictionary<string, string>
            {
                ["onnx_sha256"] = Convert.ToHexStringLower(SHA256.HashData(network)),
                ["output"] = $"{said.Output}",
                ["row"] = $"{said.Row}",
                ["rows"] = said.Rows.ToString(CultureInfo.InvariantCulture),
            });
            version.History.Add(ModelRegistry.Change(ModelStage.Candidate, by));
            foreach (var (name, value) in metrics) version.Metrics[name] = value;
            var registry = new ModelRegistry(await LogOption.ConnectAsync(parsed.GetValue(kafka)!), NullLogger.Instance);
            await registry.PublishAsync(version, artifact, cancel);
            var found = metrics.TryGetValue("vehicle_hours", out var hours) ? FormattableString.Invariant($" (found on {hours:0.0} vehicle hours)") : "";
            screen.Say(FormattableString.Invariant($"Model {version.ModelId}: {said.Signals.Length} signals, threshold {metrics["threshold"]:0.####}{found}. 'promote {version.ModelId}' makes it score."));
            screen.Results.WriteLine(version.ModelId);
            return 0;
        });
        return command;
    }

    private static TrainingSet Read(DirectoryInfo folder, string profile, Lineage lineage, CancellationToken cancel)
    {
        var set = new TrainingSet(profile, DriftReport.Limits);
        RecordedTraces.Read(folder.FullName, set, lineage, new Callback<double>(_ => { }), cancel);
        (lineage.Vehicles, lineage.Batches) = ((ulong)set.Vehicles, (ulong)set.Batches);
        return set.Batches > 0 ? set : throw new CommandException($"The traces in '{folder.FullName}' hold no samples.");
    }

    private static async Task<byte[]> ReadAsync(FileInfo file, CancellationToken cancel) =>
        file.Exists ? await File.ReadAllBytesAsync(file.FullName, cancel) : throw new CommandException($"There is no file '{file.FullName}'.");

    private static async Task<string> ReadTextAsync(FileInfo file, CancellationToken cancel) =>
        file.Exists ? await File.ReadAllTextAsync(file.FullName, cancel) : throw new CommandException($"There is no file '{file.FullName}'.");
}
