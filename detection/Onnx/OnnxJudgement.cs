namespace Kappa.Iot.Detection;

/// <summary>What comes of one or more inputs: means over those that could be judged.</summary>
/// <param name="detector">Whose model it is.</param>
/// <param name="network">The detector's.</param>
internal sealed class OnnxJudgement(OnnxDetector detector, OnnxNetwork network)
{
    /// <summary>An input of which less is known is not judged.</summary>
    private const float KnownNeeded = 0.5f;

    /// <summary>Scaled values are taken this far and no further: beyond, a sum of squares would not be a number any more.</summary>
    private const float Farthest = 1e6f;

    private readonly float[] _input = new float[network.Inputs];
    private readonly float[] _output = new float[network.Outputs];
    private readonly double[] _weights = new double[detector.Model.Signals.Length];
    private readonly double[] _expected = new double[detector.Model.Signals.Length];
    private readonly double[] _observed = new double[detector.Model.Signals.Length];
    private readonly int[] _known = new int[detector.Model.Signals.Length];
    private double _sum;
    private int _inputs;

    /// <summary>Runs the network on an input, and takes note of what it makes of it.</summary>
    /// <param name="rows">In the signals' units, row by row, oldest first; NaN where a value is not known.</param>
    public void Add(ReadOnlySpan<float> rows)
    {
        var model = detector.Model;
        var signals = model.Signals.Length;
        var known = 0;
        for (var i = 0; i < rows.Length; i++)
        {
            _input[i] = float.IsFinite(rows[i]) ? Math.Clamp((rows[i] - model.Mean[i % signals]) / model.Scale[i % signals], -Farthest, Farthest) : 0;
            if (float.IsFinite(rows[i])) known++;
        }
        if (known == 0 || known < KnownNeeded * rows.Length) return;
        network.Run(_input, _output);
        // What a network cannot compute it has not judged.
        foreach (var value in _output)
        {
            if (!float.IsFinite(value)) return;
        }
        _inputs++;
        if (model.Output == OnnxOutput.Score) AddScore(rows);
        else AddErrors(rows, known);
    }

    /// <summary>Leaves what was expected of each signal, in its unit: of the newest row, the mean over the inputs.</summary>
    public void Expected(Span<float> into)
    {
        for (var s = 0; s < into.Length; s++) into[s] = _known[s] == 0 ? float.NaN : (float)(_expected[s] / _known[s]);
    }

    /// <summary>Tells the window, unless it knows of something odder.</summary>
    /// <returns>The mean error or score; NaN where nothing could be judged.</returns>
    public float Conclude(VehicleWindow window)
    {
        if (_inputs == 0) return float.NaN;
        var error = (float)(_sum / _inputs);
        var score = Fusion.Score(detector.EvidenceOf(error), detector.EvidenceOf(detector.Model.Threshold));
        if (window.Verdict.Judged && score <= window.Verdict.Score) return error;

        Span<float> weights = stackalloc float[_weights.Length];
        for (var s = 0; s < weights.Length; s++) weights[s] = _known[s] > 0 ? (float)_weights[s] : float.NegativeInfinity;
        Span<int> top = stackalloc int[Verdict.MaxReasons];
        var count = Verdict.Largest(weights, top);
        var sum = 0.0;
        for (var i = 0; i < count; i++) sum += _weights[top[i]];
        Span<Verdict.Reason> reasons = stackalloc Verdict.Reason[count];
        for (var i = 0; i < count; i++)
        {
            var s = top[i];
            reasons[i] = new(s, (float)(sum > 0 ? score * _weights[s] / sum : score / count), (float)(_observed[s] / _known[s]), (float)(_expected[s] / _known[s]));
        }
        window.Verdict.Set(score, reasons);
        return error;
    }

    private void AddErrors(ReadOnlySpan<float> rows, int known)
    {
        var signals = detector.Model.Signals.Length;
        var squares = 0.0;
        for (var i = 0; i < rows.Length; i++)
        {
            if (!float.IsFinite(rows[i])) continue;
            var off = (double)_input[i] - _output[i];
            squares += off * off;
            _weights[i % signals] += off * off;
            if (i < rows.Length - signals) continue;
            Count(i % signals, rows[i], (double)_output[i] * detector.Model.Scale[i % signals] + detector.Model.Mean[i % signals]);
        }
        _sum += squares / known;
    }

    /// <summary>A signal's part in a score is how much lower it would be with the signal at its mean.</summary>
    private void AddScore(ReadOnlySpan<float> rows)
    {
        var signals = detector.Model.Signals.Length;
        var score = _output[0];
        _sum += score;
        var without = new float[_input.Length];
        for (var s = 0; s < signals; s++)
        {
            var last = rows[rows.Length - signals + s];
            if (!float.IsFinite(last)) continue;
            _input.CopyTo(without, 0);
            for (var i = s; i < without.Length; i += signals) without[i] = 0;
            network.Run(without, _output);
            _weights[s] += Math.Max(0, score - _output[0]);
            Count(s, last, double.NaN);
        }
    }

    private void Count(int signal, double observed, double expected)
    {
        _observed[signal] += observed;
        _expected[signal] += expected;
        _known[signal]++;
    }
}
