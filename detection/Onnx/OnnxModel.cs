namespace Kappa.Iot.Detection;

/// <summary>Everything of a brought model but its network, as it is kept in the artifact.</summary>
public sealed record OnnxModel
{
    /// <summary>Name of this kind of detector in the registry and in the artifact.</summary>
    public const string Detector = "onnx";

    public required string Profile { get; init; }

    /// <summary>Ids in the catalogue, in the order of the network's inputs.</summary>
    public required uint[] Signals { get; init; }

    /// <summary>What a row of the network's input is.</summary>
    public required OnnxRow Row { get; init; }

    /// <summary>Rows in the network's input, oldest first.</summary>
    public required int Rows { get; init; }

    /// <summary>What the network says.</summary>
    public required OnnxOutput Output { get; init; }

    /// <summary>Per signal, taken off its value.</summary>
    public required float[] Mean { get; init; }

    /// <summary>Per signal, what is left is divided by it.</summary>
    public required float[] Scale { get; init; }

    /// <summary>The error, or what the network says, at which an alert is raised.</summary>
    public required float Threshold { get; init; }

    /// <summary>Of networks that give a score: how far above the threshold is odd beyond doubt.</summary>
    public required float Spread { get; init; }
}

/// <summary>What a row of a network's input is.</summary>
public enum OnnxRow
{
    /// <summary>A sample, as the vehicle took it.</summary>
    Sample,

    /// <summary>The means over ten seconds.</summary>
    Step,
}

/// <summary>What a network's output means.</summary>
public enum OnnxOutput
{
    /// <summary>Its input as the network has it: the error is what is odd.</summary>
    Reconstruction,

    /// <summary>One number: the more, the odder.</summary>
    Score,
}
