namespace Kappa.Iot.Detection;

/// <summary>
/// What the fusion sees of a vehicle: for each signal how far the virtual sensor was off over several spans and how lively the signal is,
/// the largest of these over all signals, and the regime the vehicle is in.
/// </summary>
internal static class FusionFeatures
{
    /// <summary>
    /// Residual means, their spread, activity over three spans, time without change; how far the residual has moved from what it was, and
    /// how far the signal has.
    /// </summary>
    public const int PerSignal = 15;

    private const int Ranked = 4;
    private const int Spread = 6, FirstActivity = 7, Still = 10, ResidualMoved = 11, SignalMoved = 13;

    // Residual means whose largest over all signals are told: 20 s, 60 s, 200 s, 600 s.
    private const int FirstRanked = 1, RankedSpans = 4;
    private const int OfOthers = 3;
    private const float ActivityFloor = 0.02f, StillFrom = 10, StillTo = 900;

    /// <summary>Features of the global classifier.</summary>
    public static int Width(int signals) => signals * PerSignal + RankedSpans * Ranked + signals + 1;

    /// <summary>Features of the classifier of a single signal.</summary>
    public static int HeadWidth(int signals) => PerSignal + 1 + OfOthers + signals + 1;

    /// <summary>Reads the features of the step that was just completed, after its residuals.</summary>
    /// <param name="window">The vehicle.</param>
    /// <param name="sensors">Scales and typical values.</param>
    /// <param name="into">Room for <see cref="Width"/> values.</param>
    public static void Read(VehicleWindow window, IReadOnlyList<VirtualSensor> sensors, Span<float> into)
    {
        var signals = sensors.Count;
        var ranks = into.Slice(signals * PerSignal, RankedSpans * Ranked);
        var context = into.Slice(signals * PerSignal + RankedSpans * Ranked, signals + 1);
        ranks.Clear();
        for (var s = 0; s < signals; s++)
        {
            var scale = sensors[s].Scale;
            var own = into.Slice(s * PerSignal, PerSignal);
            var residuals = window.Residuals.Of(s);
            residuals.CopyTo(own);
            own[Spread] = MathF.Sqrt(window.Squares.Of(s)[0]);
            var activity = window.Activity.Of(s);
            for (var k = 0; k < activity.Length; k++) own[FirstActivity + k] = MathF.Log(ActivityFloor + activity[k] / scale);
            own[Still] = MathF.Log(Math.Clamp(window.StillFor(s), StillFrom, StillTo));
            own[ResidualMoved] = residuals[1] - residuals[3];
            own[ResidualMoved + 1] = residuals[2] - residuals[5];
            var means = window.Inputs.Of(s);
            var now = window.Mean(s);
            own[SignalMoved] = float.IsNaN(now) ? 0 : Math.Clamp((now - means[0]) / scale, -SensorBank.MaxResidual, SensorBank.MaxResidual);
            own[SignalMoved + 1] = Math.Clamp((means[0] - means[1]) / scale, -SensorBank.MaxResidual, SensorBank.MaxResidual);
            context[s] = window.Inputs.Has(s) ? window.Inputs.Of(s)[0] : sensors[s].Typical;
            for (var k = 0; k < RankedSpans; k++) Rank(ranks.Slice(k * Ranked, Ranked), Math.Abs(residuals[FirstRanked + k]), signals);
        }
        context[signals] = Math.Min(window.Age, 60);
    }

    /// <summary>Makes the features of one signal's classifier from those of the global one.</summary>
    /// <param name="features">As <see cref="Read"/> left them.</param>
    /// <param name="signals">How many signals there are.</param>
    /// <param name="signal">Which is meant.</param>
    /// <param name="into">Room for <see cref="HeadWidth"/> values.</param>
    public static void ReadHead(ReadOnlySpan<float> features, int signals, int signal, Span<float> into)
    {
        features.Slice(signal * PerSignal, PerSignal).CopyTo(into);
        into[PerSignal] = signal;
        var ranks = features.Slice(signals * PerSignal, RankedSpans * Ranked);
        var minute = ranks.Slice(Ranked, Ranked);
        var longer = ranks.Slice(2 * Ranked, Ranked);
        var ownMinute = Math.Abs(features[signal * PerSignal + FirstRanked + 1]);
        var ownLonger = Math.Abs(features[signal * PerSignal + FirstRanked + 2]);
        into[PerSignal + 1] = minute[0] == ownMinute ? minute[1] : minute[0];
        into[PerSignal + 2] = longer[0] == ownLonger ? longer[1] : longer[0];
        into[PerSignal + 3] = minute[Ranked - 1] - ownMinute / signals;
        features.Slice(signals * PerSignal + RankedSpans * Ranked, signals + 1).CopyTo(into[(PerSignal + 1 + OfOthers)..]);
    }

    /// <summary>Keeps the three largest, and after them the mean.</summary>
    private static void Rank(Span<float> largest, float size, int count)
    {
        largest[3] += size / count;
        if (size > largest[0]) (largest[2], largest[1], largest[0]) = (largest[1], largest[0], size);
        else if (size > largest[1]) (largest[2], largest[1]) = (largest[1], size);
        else if (size > largest[2]) largest[2] = size;
    }
}
