namespace Kappa.Iot.Detection;

/// <summary>Everything of a principal-component model but its components, as it is kept in the artifact.</summary>
public sealed record PcaModel
{
    /// <summary>Name of this kind of detector in the registry and in the artifact.</summary>
    public const string Detector = "randomized-pca";

    public required string Profile { get; init; }

    /// <summary>Ids in the catalogue, in the window's order.</summary>
    public required uint[] Signals { get; init; }

    /// <summary>By input: its mean, and its standard deviation.</summary>
    public required float[] Means { get; init; }

    public required float[] Deviations { get; init; }

    /// <summary>The normalised reconstruction error at which an alert is raised.</summary>
    public required float Threshold { get; init; }
}
