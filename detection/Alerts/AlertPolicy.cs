using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>When an alert is raised, how severe it is, when it is over.</summary>
internal static class AlertPolicy
{
    public const float RaiseAt = 0.5f;

    /// <summary>An episode goes on while its type's part of the score is at least this.</summary>
    public const float GoesOnAt = 0.35f;

    /// <summary>Event time that an episode must be quiet before it is cleared.</summary>
    public const long QuietMs = 300_000;

    /// <summary>Event time after it was cleared within which an alert that would be raised anew is the same episode, going on.</summary>
    public const long SameEpisodeMs = 600_000;

    /// <summary>While an alert is open, another type must be suspect in its own right for this many batches before it is raised as well.</summary>
    public const int FurtherTypeBatches = 3;

    /// <summary>The severity that a score and a duration call for.</summary>
    public static Severity SeverityOf(float score, long durationMs)
    {
        var byScore = score switch { >= 0.9f => Severity.Critical, >= 0.8f => Severity.Major, >= 0.65f => Severity.Minor, _ => Severity.Warning };
        var byDuration = durationMs switch { >= 900_000 => Severity.Major, >= 300_000 => Severity.Minor, _ => Severity.Warning };
        return byScore > byDuration ? byScore : byDuration;
    }

    /// <summary>The part of the vehicle that an oddity of a signal points to.</summary>
    public static AlertType TypeOf(uint signal) =>
        SignalCatalogue.Find(signal) is { System: not AlertType.Unspecified } known ? known.System : AlertType.Sensor;
}
