namespace Kappa.Iot.Detection;

/// <summary>Finds single values that do not belong among the last ones.</summary>
/// <param name="confidence">Between 0 and 100: at 95 a p-value of 0.05 is a spike.</param>
/// <param name="history">How many values a new one is compared with; before there are so many nothing is a spike.</param>
public sealed class SpikeDetector(double confidence, int history)
{
    private readonly KernelDensity _density = new(history);
    private readonly double _threshold = 1 - (confidence / 100);

    /// <returns>Whether it is a spike, and its two-sided p-value.</returns>
    public (bool IsSpike, double PValue) Take(float value)
    {
        var p = _density.Take(value);
        return (_density.IsFull && p <= _threshold, p);
    }
}
