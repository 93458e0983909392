using System.ComponentModel.DataAnnotations;

namespace Kappa.Iot.Detection.Training;

/// <summary>How a model is trained. The same options, seed and data give the same model, byte for byte.</summary>
public sealed record TrainingOptions
{
    /// <summary>Alerts an hour and vehicle that normal driving may raise.</summary>
    [Range(1e-6, 1000)] public double FalseAlertsPerHour { get; init; } = 0.1;

    /// <summary>Rows that each sensor is trained on at most; drawn evenly from all steps.</summary>
    [Range(100, 10_000_000)] public int MaxRows { get; init; } = 10_000;

    /// <summary>Steps of ten seconds that are kept in memory at most; beyond, vehicles are left out, those with the highest hash of their id first.</summary>
    [Range(100, 100_000_000)] public int MaxSteps { get; init; } = 400_000;

    [Range(1, 10_000)] public int Trees { get; init; } = 60;

    [Range(2, 1000)] public int Leaves { get; init; } = 31;

    [Range(1, 100_000)] public int MinRowsPerLeaf { get; init; } = 30;

    [Range(0.001, 1)] public double LearningRate { get; init; } = 0.1;

    [Range(0.01, 1)] public double FeatureFraction { get; init; } = 0.3;

    /// <summary>Parts by vehicle: residuals for calibration come from sensors that never saw the vehicle.</summary>
    [Range(2, 50)] public int Folds { get; init; } = 2;

    public int Seed { get; init; } = 1;

    /// <summary>Sensors trained at the same time.</summary>
    [Range(1, 1024)] public int Parallelism { get; init; } = Environment.ProcessorCount;
}
