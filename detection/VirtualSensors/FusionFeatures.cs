namespace Kappa.Iot.Detection;

/// <summary>
/// What the fusion sees of a vehicle: for each signal how far the virtual sensor was off over several spans and how lively the signal is,
/// measured by what is usual for it; the largest of these over all signals; and the regime the vehicle is in.
/// </summary>
internal static class FusionFeatures
{
    /// <summary>
    /// Residual means, their spread, activity over three spans, time without change; how far the residual has moved from what it was, and
    /// how far the signal has.
    /// </summary>
    public const int PerSignal = 15;

    // Statistics of the residual itself come first.
    private const int OfResidual = 7;
    private const int Spread = 6, FirstActivity = 7, Activities = 3, Still = 10, ResidualMoved = 11, SignalMoved = 13;

    // Of each statistic over all signals: the largest, the second, the mean; and of activities, the lowest.
    private const int PerStatistic = 3;
    private const int Ranks = PerSignal * PerStatistic + Activities;

    // Residual means over 60 and 200 s, of which a signal's classifier is told the others' largest.
    private const int Minute = 2, Longer = 3, OfOthers = 3;
    private const float ActivityFloor = 0.02f, StillFrom = 10, StillTo = 900, MaxOddity = 50;

    /// <summary>
    /// Whether a statistic is measured by what is usual for its signal. Residuals are not: they come in units of the error to be expected.
    /// </summary>
    private static bool IsMeasuredByUsual(int statistic) => statistic is >= FirstActivity and <= Still or >= SignalMoved;

    /// <summary>Features of the global classifier.</summary>
    public static int Width(int signals) => signals * PerSignal + Ranks + signals + 1;

    /// <summary>Features of the classifier of a single signal.</summary>
    public static int HeadWidth(int signals) => PerSignal + 1 + OfOthers + signals + 1;

    /// <summary>Reads the statistics of the step that was just completed, after its residuals. <see cref="Complete"/> makes features of them.</summary>
    /// <param name="window">The vehicle.</param>
    /// <param name="sensors">Scales and typical values.</param>
    /// <param name="into">Room for <see cref="Width"/> values.</param>
    public static void Read(VehicleWindow window, IReadOnlyList<VirtualSensor> sensors, Span<float> into)
    {
        var signals = sensors.Count;
        var context = into.Slice(signals * PerSignal + Ranks, signals + 1);
        for (var s = 0; s < signals; s++)
        {
            var scale = sensors[s].Scale;
            var own = into.Slice(s * PerSignal, PerSignal);
            var residuals = window.Residuals.Of(s);
            residuals.CopyTo(own);
            own[Spread] = MathF.Sqrt(window.Squares.Of(s)[0]);
            var activity = window.Activity.Of(s);
            for (var k = 0; k < Activities; k++) own[FirstActivity + k] = MathF.Log(ActivityFloor + activity[k] / scale);
            own[Still] = MathF.Log(Math.Clamp(window.StillFor(s), StillFrom, StillTo));
            own[ResidualMoved] = residuals[1] - residuals[3];
            own[ResidualMoved + 1] = residuals[2] - residuals[5];
            var means = window.Inputs.Of(s);
            var now = window.Mean(s);
            own[SignalMoved] = float.IsNaN(now) ? 0 : (now - means[0]) / scale;
            own[SignalMoved + 1] = (means[0] - means[1]) / scale;
            context[s] = window.Inputs.Has(s) ? means[0] : sensors[s].Typical;
        }
        context[signals] = Math.Min(window.Age, 60);
    }

    /// <summary>Measures each statistic by what is usual for its signal, and ranks the signals.</summary>
    /// <param name="usual">By signal, then statistic.</param>
    /// <param name="features">As <see cref="Read"/> left them.</param>
    public static void Complete(ReadOnlySpan<Usual> usual, Span<float> features)
    {
        var signals = usual.Length / PerSignal;
        var ranks = features.Slice(signals * PerSignal, Ranks);
        ranks.Clear();
        for (var s = 0; s < signals; s++)
        {
            var own = features.Slice(s * PerSignal, PerSignal);
            for (var k = 0; k < PerSignal; k++)
            {
                var oddity = own[k];
                if (IsMeasuredByUsual(k))
                    own[k] = oddity = Math.Clamp((oddity - usual[s * PerSignal + k].Median) / usual[s * PerSignal + k].Spread, -MaxOddity, MaxOddity);
                Rank(ranks.Slice(k * PerStatistic, PerStatistic), Math.Abs(oddity), signals);
                if (k is >= FirstActivity and < FirstActivity + Activities)
                    ranks[PerSignal * PerStatistic + k - FirstActivity] = Math.Max(ranks[PerSignal * PerStatistic + k - FirstActivity], -oddity);
            }
        }
    }

    /// <summary>Makes the features of one signal's classifier from those of the global one.</summary>
    /// <param name="features">As <see cref="Complete"/> left them.</param>
    /// <param name="signals">How many signals there are.</param>
    /// <param name="signal">Which is meant.</param>
    /// <param name="into">Room for <see cref="HeadWidth"/> values.</param>
    public static void ReadHead(ReadOnlySpan<float> features, int signals, int signal, Span<float> into)
    {
        var own = features.Slice(signal * PerSignal, PerSignal);
        own.CopyTo(into);
        into[PerSignal] = signal;
        var minute = features.Slice(signals * PerSignal + Minute * PerStatistic, PerStatistic);
        var longer = features.Slice(signals * PerSignal + Longer * PerStatistic, PerStatistic);
        into[PerSignal + 1] = minute[0] == Math.Abs(own[Minute]) ? minute[1] : minute[0];
        into[PerSignal + 2] = longer[0] == Math.Abs(own[Longer]) ? longer[1] : longer[0];
        into[PerSignal + 3] = minute[2] - Math.Abs(own[Minute]) / signals;
        features.Slice(signals * PerSignal + Ranks, signals + 1).CopyTo(into[(PerSignal + 1 + OfOthers)..]);
    }

    /// <summary>Reads the size of each signal's residual over the last minute, in usual errors.</summary>
    public static void ReadMinutes(ReadOnlySpan<float> features, Span<float> into)
    {
        for (var s = 0; s < into.Length; s++) into[s] = Math.Abs(features[s * PerSignal + Minute]);
    }

    /// <summary>
    /// How far a signal's residuals are beyond all that normal driving has shown, as a logarithm; 0 where they are not. Classifiers say the
    /// same of everything that is larger than what they have learned from; this does not.
    /// </summary>
    /// <param name="usual">By signal, then statistic.</param>
    /// <param name="features">As <see cref="Complete"/> left them.</param>
    /// <param name="signal">Which is meant.</param>
    public static float Excess(ReadOnlySpan<Usual> usual, ReadOnlySpan<float> features, int signal)
    {
        var largest = 1f;
        for (var k = signal * PerSignal; k < signal * PerSignal + OfResidual; k++) largest = Math.Max(largest, Math.Abs(features[k] - usual[k].Median) / usual[k].Farthest);
        return MathF.Log(largest);
    }

    /// <summary>Keeps the two largest, and the mean.</summary>
    private static void Rank(Span<float> largest, float size, int count)
    {
        largest[2] += size / count;
        if (size > largest[0]) (largest[1], largest[0]) = (largest[0], size);
        else if (size > largest[1]) largest[1] = size;
    }
}
