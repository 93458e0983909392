namespace Kappa.Iot.Detection;

/// <summary>How far a signal has been from its expectation, looked at over several spans; each finds another kind of fault.</summary>
internal static class ResidualStatistics
{
    /// <summary>Statistics a signal.</summary>
    public const int PerSignal = 5;

    /// <summary>Steps a window must have before a vehicle is judged.</summary>
    public const int MinAge = 3;

    // Steps with a residual that a statistic needs before it means what its calibration says.
    private const int MinuteNeeds = 4;
    private const int LongNeeds = 18;
    private const int PastBlocksNeeded = 2;

    /// <summary>The statistics of one signal, in units of its usual error; NaN where too little is known.</summary>
    /// <param name="residuals">Standardised residuals.</param>
    /// <param name="signal">Which signal.</param>
    /// <param name="into">Mean of 20 s, 60 s, 300 s; 20 s and 60 s against what was usual for this vehicle a minute and more ago.</param>
    public static void Read(StepRings residuals, int signal, Span<float> into)
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
    }
}
