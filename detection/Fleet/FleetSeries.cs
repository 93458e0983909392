namespace Kappa.Iot.Detection;

/// <summary>One measure of one group, minute by minute, while nothing is wrong with it.</summary>
internal sealed class FleetSeries
{
    private readonly SpikeDetector _spikes = new(FleetPolicy.Confidence, FleetPolicy.History);
    private readonly ChangePointDetector _changes = new(FleetPolicy.Confidence, FleetPolicy.History);
    private readonly Queue<double> _values = new();

    /// <summary>Mean of the minutes so far; NaN before there are enough.</summary>
    public double Expected => _values.Count < FleetPolicy.History ? double.NaN : _values.Average();

    /// <summary>Takes the next minute.</summary>
    /// <returns>Whether it is a spike or a change point, its two-sided p-value, and what was expected before it.</returns>
    public (bool IsUnusual, double PValue, double Expected) Take(double value)
    {
        var expected = Expected;
        var (spike, p) = _spikes.Take((float)value);
        var (change, _, _) = _changes.Take((float)value);
        _values.Enqueue(value);
        if (_values.Count > FleetPolicy.History) _values.Dequeue();
        return ((spike || change) && !double.IsNaN(expected), p, expected);
    }
}
