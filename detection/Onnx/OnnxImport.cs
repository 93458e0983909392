using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.Detection;

/// <summary>Makes a model of an ONNX file and its manifest.</summary>
public static class OnnxImport
{
    /// <summary>Makes the artifact; where the manifest has no threshold, finds it on normal driving.</summary>
    /// <param name="onnx">The file.</param>
    /// <param name="manifest">What it says of it.</param>
    /// <param name="normal">Normal driving, each vehicle's batches in order; null where there is none.</param>
    /// <param name="falseAlertsPerHour">How many alerts an hour and vehicle normal driving may raise.</param>
    /// <returns>The artifact and its metrics: the threshold and, if it was found here, hours and false alerts an hour.</returns>
    /// <exception cref="InvalidDataException">The file is no network that does what the manifest says.</exception>
    /// <exception cref="TrainingException">There is no threshold and nothing to find it on.</exception>
    public static (byte[] Artifact, IReadOnlyDictionary<string, double> Metrics) Create(
        byte[] onnx, OnnxManifest manifest, IEnumerable<TelemetryBatch>? normal, double falseAlertsPerHour)
    {
        var detector = new OnnxDetector(manifest.Profile, manifest.ToModel(manifest.Threshold ?? 1), onnx);
        if (manifest.Threshold is { } given) return (ModelArtifact.Save(detector.Model, onnx), new Dictionary<string, double> { ["threshold"] = given });
        if (normal is null) throw new TrainingException("The manifest has no 'threshold'. Give one, or traces of normal driving to find it on (--traces DIR).");

        var windows = new Dictionary<string, (VehicleWindow Window, List<float> Evidence)>(StringComparer.Ordinal);
        var hours = 0.0;
        foreach (var batch in normal)
        {
            if (!windows.TryGetValue(batch.Vin, out var vehicle)) windows.Add(batch.Vin, vehicle = (detector.CreateWindow(), []));
            vehicle.Evidence.Add(detector.EvidenceOf(detector.Fold(vehicle.Window, batch)));
            hours += batch.DurationMs() / 3_600_000.0;
        }
        if (!windows.Values.Any(vehicle => vehicle.Evidence.Exists(float.IsFinite)))
            throw new TrainingException($"Nothing of the {hours:0.0} hours of normal driving could be judged: it has to have at least half of the model's signals: {string.Join(", ", manifest.Signals)}.");
        var evidence = windows.Values.SelectMany(vehicle => vehicle.Evidence).ToArray();
        var gaps = windows.Values.SelectMany(vehicle => vehicle.Evidence.Select((_, i) => i == 0 ? -1 : 0)).ToArray();
        var (threshold, alerts) = Calibration.Threshold(evidence, gaps, Calibration.Allowed(falseAlertsPerHour, hours));
        var model = detector.Model with { Threshold = detector.ErrorAt(threshold) };
        return (ModelArtifact.Save(model, onnx), new Dictionary<string, double>
        {
            ["threshold"] = model.Threshold,
            ["vehicles"] = windows.Count,
            ["vehicle_hours"] = hours,
            ["false_alerts_per_hour"] = alerts / hours,
        });
    }
}
