namespace Kappa.Iot.Detection;

/// <summary>
/// How far a signal has been from its expectation, over several spans, and from its usual values; each finds another kind of fault. Where a
/// fault moves signals together, so that they still explain each other (engine and oil both too hot), their level alone tells.
/// </summary>
internal static class SignalStatistics
{
    /// <summary>Statistics a signal.</summary>
    public const int PerSignal = 7;

    /// <summary>Steps a window must have before a vehicle is judged.</summary>
    public const int MinAge = 3;

    // Steps with a residual that a statistic needs before it means what its calibration says.
    private const int MinuteNeeds = 4;
    private const int LongNeeds = 18;
    private const int PastBlocksNeeded = 2;

    /// <summary>The statistics of one signal, all the odder the farther from 0; NaN where too little is known.</summary>
    /// <param name="residuals">Standardised residuals.</param>
    /// <param name="signal">Which signal.</param>
    /// <param name="level">By how much its mean of the last minute is above its median.</param>
    /// <param name="into">Mean residual of 20 s, 60 s, 300 s; of 20 s and 60 s against what was usual for this vehicle a minute and more ago;
    /// how far the level is above, and how far below.</param>
    public static void Read(StepRings residuals, int signal, float level, Span<float> into)
    {
        var brief = residuals.Mean(signal, 2, out var briefCount);
        var minute = residuals.Mean(signal, StepRings.Steps, out var minuteCount);
        var longest = residuals.LongMean(signal, out var longCount);
        var past = residuals.PastMean(signal, out var pastBlocks);
        if (briefCount < 2) brief = float.NaN;
        if (minuteCount < MinuteNeeds) minute = float.NaN;
        if (pastBlocks < PastBlocksNeeded) past = float.NaN;
        into[0] = brief;
        into[1] = minute;
        into[2] = longCount < LongNeeds ? float.NaN : longest;
        into[3] = brief - past;
        into[4] = minute - past;
        // Without a residual the level says nothing either: the vehicle lacks the signal, or what it should be seen with.
        into[5] = minuteCount < MinuteNeeds ? float.NaN : Math.Max(0, level);
        into[6] = minuteCount < MinuteNeeds ? float.NaN : Math.Max(0, -level);
    }
}
