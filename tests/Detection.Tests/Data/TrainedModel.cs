using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.Detection.Tests;

/// <summary>A model of the synthetic fleet, trained once for all tests.</summary>
internal static class TrainedModel
{
    public static readonly TrainingOptions Options = TrainingOptions.Quick with { Disturbances = 400 };

    private static readonly Lazy<TrainingResult> Shared = new(() => Train(Options));

    public static TrainingResult Result => Shared.Value;

    public static IDetector Detector { get; } = ModelArtifact.Load("test-model", Shared.Value.Artifact);

    public static TrainingResult Train(TrainingOptions options, int vehicles = 24, int batches = 120)
    {
        var set = new TrainingSet("test", options);
        for (var v = 0; v < vehicles; v++)
        {
            foreach (var batch in SyntheticFleet.Drive(v, batches)) set.Add(batch);
        }
        return VirtualSensorTrainer.Train(set, options, cancel: TestContext.Current.CancellationToken);
    }
}
