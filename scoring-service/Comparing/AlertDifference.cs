using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>What became of an alert from the first generation to the second.</summary>
internal enum AlertFate
{
    /// <summary>Raised at the same batch, of the same severity, cleared at the same time.</summary>
    Same,

    /// <summary>Raised at the same batch, but of another severity or cleared at another time.</summary>
    Changed,

    /// <summary>The same vehicle and type, raised at another time, overlapping or close by.</summary>
    Moved,

    /// <summary>Only in the first.</summary>
    Lost,

    /// <summary>Only in the second.</summary>
    Gained,
}

/// <summary>An alert of the first generation, of the second, or of both.</summary>
internal sealed record AlertDifference(AlertFate Fate, Alert? First, Alert? Second)
{
    /// <summary>One of them, for what both have in common.</summary>
    public Alert Any => First ?? Second!;
}
