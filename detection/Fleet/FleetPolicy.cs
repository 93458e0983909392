using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>When many vehicles are odd together, and when that is over.</summary>
internal static class FleetPolicy
{
    /// <summary>Minutes that a new one is compared with; before there are so many nothing is said of a group.</summary>
    public const int History = 30;

    /// <summary>Percent, of the spike and the change-point detector.</summary>
    public const double Confidence = 99.9;

    /// <summary>Fewer batches in a minute than this say nothing.</summary>
    public const int LeastBatches = 20;

    /// <summary>Where more than this share of the batches came too late, vehicles send what they had kept, or the past is imported: how many a minute got says nothing.</summary>
    public const double LateShare = 0.1;

    /// <summary>Minutes near what was expected that end an alert.</summary>
    public const int QuietMinutes = 5;

    /// <summary>A minute is judged without partitions of which nothing was written for so long, while others were.</summary>
    public const long StallMs = 180_000;

    /// <summary>How far off a value must be, besides being unusual: what is small does not matter, however regular the rest was.</summary>
    public static double Least(FleetMeasure measure, double expected) => measure switch
    {
        FleetMeasure.MeanScore => 0.1,
        FleetMeasure.DeadLetterRate => 0.02,
        FleetMeasure.MessageRate or FleetMeasure.Unspecified or _ => 0.3 * expected,
    };

    /// <summary>How far off a value is, in the direction that matters.</summary>
    public static double Off(FleetMeasure measure, double observed, double expected) =>
        measure == FleetMeasure.MessageRate ? Math.Abs(observed - expected) : observed - expected;

    /// <summary>The same, made comparable between groups of different sizes.</summary>
    public static double Effect(FleetMeasure measure, double observed, double expected) =>
        measure == FleetMeasure.MessageRate ? Off(measure, observed, expected) / Math.Max(1, expected) : Off(measure, observed, expected);

    /// <summary>A group's value in a minute; null where there is too little to say.</summary>
    public static double? Value(FleetMeasure measure, FleetSums sums) => measure switch
    {
        FleetMeasure.MeanScore => sums.Scored >= LeastBatches ? sums.ScoreSum / 1e6 / sums.Scored : null,
        FleetMeasure.DeadLetterRate => sums.Batches + sums.DeadLetters >= LeastBatches ? sums.DeadLetters / (double)(sums.Batches + sums.DeadLetters) : null,
        FleetMeasure.MessageRate or FleetMeasure.Unspecified or _ => sums.Batches,
    };
}
