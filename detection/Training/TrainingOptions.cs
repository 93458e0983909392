using System.ComponentModel.DataAnnotations;

namespace Kappa.Iot.Detection.Training;

/// <summary>How a model is trained. The same options, seed and data give the same model, byte for byte.</summary>
public sealed record TrainingOptions
{
    /// <summary>A small model in seconds: for tests, demonstrations and first looks.</summary>
    public static TrainingOptions Quick { get; } = new()
    {
        Sensors = new() { Trees = 40, Leaves = 15, MinRowsPerLeaf = 30, LearningRate = 0.15, FeatureFraction = 0.5, RowFraction = 0.7, L2 = 5 },
        Errors = new() { Trees = 20, Leaves = 8, MinRowsPerLeaf = 50, LearningRate = 0.2, FeatureFraction = 0.5, RowFraction = 0.7, L2 = 5 },
        Global = new() { Trees = 80, Leaves = 15, MinRowsPerLeaf = 50, LearningRate = 0.1, FeatureFraction = 0.3, RowFraction = 0.5, L2 = 10 },
        Heads = new() { Trees = 60, Leaves = 15, MinRowsPerLeaf = 50, LearningRate = 0.1, FeatureFraction = 0.4, RowFraction = 0.5, L2 = 10 },
        MaxRows = 6_000,
        Disturbances = 800,
        MaxCalibrationSteps = 30_000,
        MaxSteps = 100_000,
        Folds = 2,
    };

    /// <summary>Alerts an hour and vehicle that normal driving may raise.</summary>
    [Range(1e-6, 1000)] public double FalseAlertsPerHour { get; init; } = 0.1;

    /// <summary>The virtual sensors.</summary>
    public TreeOptions Sensors { get; init; } = new() { Trees = 100, Leaves = 31, MinRowsPerLeaf = 50, LearningRate = 0.1, FeatureFraction = 0.5, RowFraction = 0.7, L2 = 5 };

    /// <summary>What says how far off the virtual sensors are likely to be.</summary>
    public TreeOptions Errors { get; init; } = new() { Trees = 40, Leaves = 15, MinRowsPerLeaf = 100, LearningRate = 0.1, FeatureFraction = 0.5, RowFraction = 0.7, L2 = 5 };

    /// <summary>The classifier of all signals together.</summary>
    public TreeOptions Global { get; init; } = new() { Trees = 250, Leaves = 31, Depth = 12, MinRowsPerLeaf = 200, LearningRate = 0.07, FeatureFraction = 0.25, RowFraction = 0.5, L2 = 10 };

    /// <summary>The classifier that the signals share.</summary>
    public TreeOptions Heads { get; init; } = new() { Trees = 100, Leaves = 31, MinRowsPerLeaf = 200, LearningRate = 0.1, FeatureFraction = 0.4, RowFraction = 0.5, L2 = 10 };

    /// <summary>Rows that each sensor is trained on at most; drawn evenly from all steps.</summary>
    [Range(100, 10_000_000)] public int MaxRows { get; init; } = 20_000;

    /// <summary>Disturbed spans of normal driving that the classifiers learn from, shared out to the vehicles by their steps.</summary>
    [Range(10, 10_000_000)] public int Disturbances { get; init; } = 9_000;

    /// <summary>Steps of ten seconds that are kept in memory at most; beyond, vehicles are left out, those with the highest hash of their id first.</summary>
    [Range(100, 100_000_000)] public int MaxSteps { get; init; } = 200_000;

    /// <summary>Steps that are enough to say what is normal; of more, whole vehicles are left out.</summary>
    [Range(100, 100_000_000)] public int MaxCalibrationSteps { get; init; } = 100_000;

    /// <summary>Parts by vehicle: residuals for the classifiers, and what they say for calibration, come from models that never saw the vehicle.</summary>
    [Range(2, 50)] public int Folds { get; init; } = 4;

    public int Seed { get; init; } = 1;

    /// <summary>Vehicles that are worked on at the same time.</summary>
    [Range(1, 1024)] public int Parallelism { get; init; } = Environment.ProcessorCount;
}

/// <summary>Size of one boosted ensemble and how it is grown.</summary>
public sealed record TreeOptions
{
    [Range(1, 10_000)] public required int Trees { get; init; }

    [Range(2, 1000)] public required int Leaves { get; init; }

    /// <summary>Splits on the way to a leaf at most: what a prediction costs is trees x depth.</summary>
    [Range(1, 100)] public int Depth { get; init; } = 6;

    [Range(1, 1_000_000)] public required int MinRowsPerLeaf { get; init; }

    [Range(0.001, 1)] public required double LearningRate { get; init; }

    [Range(0.01, 1)] public required double FeatureFraction { get; init; }

    /// <summary>Share of the rows that each tree sees.</summary>
    [Range(0.01, 1)] public required double RowFraction { get; init; }

    [Range(0, 1e6)] public required double L2 { get; init; }
}
