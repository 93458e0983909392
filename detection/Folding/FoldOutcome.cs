namespace Kappa.Iot.Detection;

/// <summary>What became of a batch.</summary>
public enum FoldOutcome
{
    /// <summary>Taken into the window and scored.</summary>
    Scored,

    /// <summary>Taken note of; there is no detector for this vehicle's profile.</summary>
    Unscored,

    /// <summary>Its boot and sequence have been seen or passed: no effect.</summary>
    Duplicate,

    /// <summary>From a boot before the present one: no effect on the window.</summary>
    Late,
}
