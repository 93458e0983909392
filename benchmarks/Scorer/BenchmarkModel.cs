using Kappa.Iot.Benchmarks.Detection;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Benchmarks.Scorer;

/// <summary>A model of the size that is deployed; how good it is does not matter here.</summary>
internal static class BenchmarkModel
{
    public const string Profile = "benchmark";

    public static byte[] Train()
    {
        Console.Error.WriteLine($"Training a model of {ScorerPlan.Signals} signals...");
        var options = new TrainingOptions { Disturbances = 400, Folds = 2 };
        var set = new TrainingSet(Profile, options);
        foreach (var batch in Enumerable.Range(0, 12).SelectMany(vehicle => SyntheticDrive.Of(vehicle, ScorerPlan.Signals, 180))) set.Add(batch);
        return VirtualSensorTrainer.Train(set, options).Artifact;
    }

    /// <summary>Publishes it and makes it the active one.</summary>
    public static async Task<string> PromoteAsync(KafkaOptions kafka, byte[] artifact, CancellationToken cancel)
    {
        const string id = "benchmark-1";
        var registry = new ModelRegistry(kafka, NullLogger.Instance);
        await registry.PublishAsync(new ModelVersion { ModelId = id, Profile = Profile, Detector = "virtual-sensors" }, artifact, cancel);
        await registry.PromoteAsync(id, "benchmark", DateTimeOffset.UtcNow, cancel);
        return id;
    }
}
