using System.Globalization;
using System.Security.Cryptography;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Commands;
using Kappa.Iot.TrainingJob.Drift;
using Kappa.Iot.TrainingJob.Log;
using Kappa.Iot.TrainingJob.Terminal;
using Kappa.Iot.TrainingJob.Traces;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Kappa.Iot.TrainingJob.Training;

/// <summary>Reads, trains and publishes a candidate; says what it read, what it dropped and why.</summary>
/// <param name="kafka">The log.</param>
/// <param name="request">What is to be done.</param>
/// <param name="screen">Hears of it.</param>
internal sealed class TrainingRun(KafkaOptions kafka, TrainingRequest request, Screen screen)
{
    private readonly ModelRegistry _registry = new(kafka, NullLogger.Instance);
    private readonly TrainingSet _set = new(request.Profile, request.Options);
    private readonly Exclusions _exclusions = new();
    private readonly Lineage _lineage = new() { CodeVersion = CodeVersion.Current };

    /// <summary>Runs.</summary>
    /// <returns>The published version and its metrics; null where nothing has drifted.</returns>
    /// <exception cref="TrainingException">The data cannot give a model. Nothing has been written.</exception>
    public async Task<(ModelVersion Version, TrainingResult Result)?> RunAsync(TimeProvider time, CancellationToken cancel)
    {
        foreach (var vin in request.Exclude) _exclusions.Add(vin, "named");
        if (request.ExcludeAlerting)
        {
            foreach (var (vin, types) in await OpenAlerts.ReadAsync(kafka, NullLogger.Instance, cancel)) _exclusions.Add(vin, $"open alert: {types}");
        }
        var models = await _registry.ReadAllAsync(cancel);
        var active = models.Active.TryGetValue(request.Profile, out var now) ? models.Versions.GetValueOrDefault(now.ModelId) : null;

        var trained = await screen.WithProgressAsync(async context =>
        {
            await ReadAsync(context, cancel);
            if (request.IfDrifted is { } thresholds && !await HasDriftedAsync(active, thresholds, cancel)) return null;
            return await Task.Run(() => VirtualSensorTrainer.Train(_set, request.Options, TrainingBar.In(context), cancel), cancel);
        });
        if (trained is null) return null;

        var drives = _set.Drives();
        _lineage.ParentModelId = active?.ModelId ?? "";
        _lineage.Vehicles = (ulong)drives.Count;
        _lineage.Batches = (ulong)drives.Sum(drive => (long)drive.Count);
        _lineage.DataFingerprint = Fingerprint(drives);
        var summary = await Task.Run(() => DriftReport.Summarise(_set, ModelArtifact.Load("trained", trained.Artifact), cancel), cancel);
        var version = Describe(trained, summary, time.GetUtcNow());
        await _registry.PublishAsync(version, trained.Artifact, cancel);
        foreach (var left in trained.LeftOut) screen.Say($"Signal {SignalCatalogue.Find(left.Signal)?.Path} is left out: {left.Reason}.");
        screen.Say($"Model {version.ModelId}: {trained.Metrics["false_alerts_per_hour"]:0.000} false alerts an hour and vehicle on vehicles it had not seen. 'promote {version.ModelId}' makes it score.");
        return (version, trained);
    }

    private async Task ReadAsync(ProgressContext context, CancellationToken cancel)
    {
        var reading = context.AddTask("read", maxValue: 1);
        var progress = new Callback<double>(share => reading.Value = share);
        if (request.Traces is { } folder)
        {
            await Task.Run(() => RecordedTraces.Read(folder, _set, _lineage, progress, cancel, _exclusions), cancel);
        }
        else
        {
            var range = new TelemetryRange(kafka, screen);
            await range.ReadAsync(_set, request.From, request.To, progress, cancel, _exclusions);
            range.Describe(_lineage);
            _lineage.FromMs = request.From.ToUnixTimeMilliseconds();
            _lineage.ToMs = request.To.ToUnixTimeMilliseconds();
            screen.Say($"Read {range.Read} records of the log; {range.OutOfRange} are of other times.");
        }
        ReportData();
    }

    private void ReportData()
    {
        screen.Say($"Taken: {_set.Batches} batches of {_set.Vehicles} vehicles ({_set.Steps / 360.0:0.0} vehicle hours); {_set.Duplicates} were there already or too late, {_set.OtherProfiles} were of other profiles.");
        if (_set.VehiclesLeftOut > 0) screen.Say($"{_set.VehiclesLeftOut} vehicles were left out, those with the highest hash of their id: more than {request.Options.MaxSteps} steps are not kept.");
        if (_set.BatchesLeftOut > 0) screen.Say($"{_set.BatchesLeftOut} batches, the last ones, were left out: more than {request.Options.MaxSteps} steps are not kept.");
        foreach (var (vin, (reason, batches)) in _exclusions.Vehicles)
        {
            if (batches > 0) screen.Say($"Vehicle {vin} is excluded ({reason}): {batches} batches.");
            else if (reason == "named") screen.Say($"Vehicle {vin} is to be excluded, but it is not in what was read.");
        }
    }

    private async Task<bool> HasDriftedAsync(ModelVersion? active, DriftThresholds thresholds, CancellationToken cancel)
    {
        if (active?.Summary is null)
        {
            screen.Say(active is null ? "There is no active model: training." : $"The active model {active.ModelId} has no distributions to compare with: training.");
            return true;
        }
        var detector = ModelArtifact.Load(active.ModelId, await _registry.ReadArtifactAsync(active, cancel));
        var report = await Task.Run(() => DriftReport.Of(active, detector, _set, thresholds, cancel), cancel);
        var drifted = report.Lines.Where(line => line.Drifted).Select(line => FormattableString.Invariant($"{line.Signal} (PSI {line.Psi:0.00}, KS {line.Ks:0.00})")).ToList();
        screen.Say(report.Drifted ? $"Drifted from {active.ModelId}: {string.Join(", ", drifted)}." : $"Nothing has drifted from {active.ModelId}: no model is trained.");
        return report.Drifted;
    }

    private ModelVersion Describe(TrainingResult result, TrainingSummary summary, DateTimeOffset now)
    {
        var version = new ModelVersion
        {
            ModelId = $"{request.Profile}-{now.UtcDateTime:yyyyMMdd-HHmmss}-{Convert.ToHexStringLower(SHA256.HashData(result.Artifact))[..8]}",
            Profile = request.Profile,
            Detector = VirtualSensorModel.Detector,
            Stage = ModelStage.Candidate,
            CreatedAtMs = now.ToUnixTimeMilliseconds(),
            CreatedBy = request.Decision.By,
            Lineage = _lineage,
            Summary = summary,
        };
        version.History.Add(ModelRegistry.Change(ModelStage.Candidate, request.Decision with { At = now }));
        foreach (var (name, value) in result.Metrics) version.Metrics[name] = value;
        foreach (var (name, value) in result.Parameters) version.Parameters[name] = value;
        var excluded = _exclusions.Vehicles.Where(vehicle => vehicle.Value.Batches > 0).ToList();
        version.Parameters["excluded_vehicles"] = excluded.Count.ToString(CultureInfo.InvariantCulture);
        foreach (var (vin, (reason, _)) in excluded.Take(100)) version.Parameters[$"excluded/{vin}"] = reason;
        return version;
    }

    /// <summary>Hash of what was trained on: vehicle by vehicle, each in its own order.</summary>
    private static string Fingerprint(IReadOnlyList<IReadOnlyList<TelemetryBatch>> drives)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var batch in drives.SelectMany(drive => drive)) hash.AppendData(batch.ToByteArray());
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
