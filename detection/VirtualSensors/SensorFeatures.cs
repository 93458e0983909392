namespace Kappa.Iot.Detection;

/// <summary>What the virtual sensors see of a vehicle: each signal's mean over the last 10, 60 and 300 seconds.</summary>
internal static class SensorFeatures
{
    /// <summary>Means a signal.</summary>
    public const int PerSignal = 3;

    /// <summary>The means of one signal; a missing shorter one is taken from the longer one, NaN where there is nothing at all.</summary>
    public static void Read(StepRings inputs, int signal, Span<float> into)
    {
        var longest = inputs.LongMean(signal, out _);
        var minute = inputs.Mean(signal, StepRings.Steps, out _);
        if (float.IsNaN(minute)) minute = longest;
        var now = inputs.Last(signal);
        into[0] = float.IsNaN(now) ? minute : now;
        into[1] = minute;
        into[2] = longest;
    }
}
