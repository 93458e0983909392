using System.Globalization;
using System.Text.Json;
using Kappa.Iot.Detection;

namespace Kappa.Iot.TrainingJob.Tests;

/// <summary>A network from elsewhere as two files in a folder of made-up traces, for the signals of those.</summary>
internal static class BroughtModel
{
    public static OnnxManifest Manifest(string profile) => new()
    {
        Profile = profile,
        Signals = ["Vehicle.OBD.Speed", "Vehicle.OBD.EngineLoad", "Vehicle.OBD.CoolantTemperature"],
        Mean = [60, 36, 86],
        Scale = [20, 12, 3],
    };

    public static Task<Run> RegisterAsync(TraceFolder folder, string log, params string[] more) =>
        Run.Of(["register", "--onnx", folder.PathOf("model.onnx"), "--manifest", folder.PathOf("model.json"), "--kafka", log, .. more]);

    public static async Task WriteAsync(TraceFolder folder, byte[] onnx, OnnxManifest manifest)
    {
        await File.WriteAllBytesAsync(folder.PathOf("model.onnx"), onnx, TestContext.Current.CancellationToken);
        // As people write it, by hand.
        var numbers = (float[] values) => string.Join(", ", values.Select(value => value.ToString(CultureInfo.InvariantCulture)));
        await File.WriteAllTextAsync(folder.PathOf("model.json"), $$"""
            {
              "profile": "{{manifest.Profile}}",
              "signals": {{JsonSerializer.Serialize(manifest.Signals)}},
              "row": "step", // means over ten seconds
              "output": "reconstruction",
              "mean": [{{numbers(manifest.Mean)}}],
              "scale": [{{numbers(manifest.Scale)}}],
              "threshold": {{manifest.Threshold?.ToString(CultureInfo.InvariantCulture) ?? "null"}}
            }
            """, TestContext.Current.CancellationToken);
    }
}
