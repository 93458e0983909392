namespace Kappa.Iot.Detection;

/// <summary>How unusual a value is among the last ones: the upper tail of their Gaussian kernel density, with a bandwidth that follows their spread.</summary>
/// <remarks>The semantics, and the arithmetic as far as it shows, of ML.NET's DetectIidSpike and DetectIidChangePoint.</remarks>
internal sealed class KernelDensity(int length)
{
    private const double SmallestPValue = 1e-8, SmallestBandwidth = 1e-6;

    private readonly Queue<float> _values = new(length);
    private double _squaredDistances;

    public bool IsFull => _values.Count == length;

    /// <summary>The two-sided p-value of a value, before it is taken in; 0.5 is what nothing speaks against.</summary>
    public double Take(float value)
    {
        var p = Tail(value);
        if (IsFull)
        {
            var oldest = _values.Dequeue();
            foreach (var other in _values) _squaredDistances -= Squared(oldest - other);
            _squaredDistances -= Squared(oldest - value);
        }

        _values.Enqueue(value);
        return Math.Clamp(Math.Min(p, 1 - p), SmallestPValue, 1 - SmallestPValue);
    }

    private double Tail(float value)
    {
        var n = _values.Count;
        if (n == 0) return 0.5;
        var bandwidth = Math.Max(SmallestBandwidth, Math.Sqrt(2) * (n == 1 ? 1 : Math.Sqrt(Math.Max(0, _squaredDistances)) / n));
        var sum = 0.0;
        foreach (var other in _values)
        {
            double difference = value - other;
            sum -= Erf(difference / bandwidth);
            _squaredDistances += difference * difference;
        }

        return 0.5 + (sum / (2 * n));
    }

    private static double Squared(double difference) => difference * difference;

    /// <summary>Abramowitz and Stegun 7.1.26, off by at most 1.5e-7.</summary>
    private static double Erf(double x)
    {
        var t = 1 / (1 + (0.3275911 * Math.Abs(x)));
        var y = 1 - ((((((((1.061405429 * t) - 1.453152027) * t) + 1.421413741) * t) - 0.284496736) * t) + 0.254829592) * t * Math.Exp(-x * x);
        return x < 0 ? -y : y;
    }
}
