using Kappa.Iot.Contracts;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Kappa.Iot.Detection;

/// <summary>
/// ML.NET's randomized principal-component analysis of the signals' means: what cannot be put together from the main components of normal
/// driving is odd. A baseline to compare with: it knows nothing of time and little of what belongs together.
/// </summary>
public sealed class PcaDetector : IDetector
{
    /// <summary>Means of a signal that are looked at: of the step, and of a minute.</summary>
    internal const int InputsPerSignal = 2;

    // The error lies between 0 and 1; this makes the score as steep as other detectors'.
    private const float Steepness = 30;

    private readonly WindowShape _shape;
    private readonly float[][] _components;
    private readonly float[] _center;

    internal PcaDetector(string modelId, PcaModel model, PcaModelParameters components)
    {
        ModelId = modelId;
        Model = model;
        _shape = new WindowShape(model.Signals);
        VBuffer<float>[] vectors = [];
        components.GetEigenVectors(ref vectors, out var rank);
        _components = [.. vectors.Take(rank).Select(vector => vector.DenseValues().ToArray())];
        var center = default(VBuffer<float>);
        components.GetMean(ref center);
        _center = [.. center.DenseValues()];
    }

    public string ModelId { get; }

    public string Profile => Model.Profile;

    public PcaModel Model { get; }

    public VehicleWindow CreateWindow() => new(_shape);

    public VehicleWindow RestoreWindow(ReadOnlySpan<byte> snapshot) => VehicleWindow.Restore(_shape, snapshot);

    public Score Apply(VehicleWindow window, TelemetryBatch batch)
    {
        var position = 0;
        var first = true;
        Span<float> inputs = stackalloc float[_shape.Signals.Count * InputsPerSignal];
        Span<float> left = stackalloc float[inputs.Length];
        while (window.Advance(batch, ref position))
        {
            if (first) window.Verdict.Clear();
            first = false;
            if (window.Age < VirtualSensorDetector.MinAge || !ReadInputs(window, Model.Means, Model.Deviations, inputs)) continue;
            Judge(window, inputs, left);
        }
        return window.Verdict.Compose(this, _shape, batch);
    }

    public void Explain(VehicleWindow window, Span<float> observed, Span<float> expected)
    {
        Span<float> inputs = stackalloc float[_shape.Signals.Count * InputsPerSignal];
        Span<float> left = stackalloc float[inputs.Length];
        var known = ReadInputs(window, Model.Means, Model.Deviations, inputs);
        if (known) Error(inputs, left);
        for (var s = 0; s < observed.Length; s++)
        {
            var at = s * InputsPerSignal;
            observed[s] = window.Mean(s);
            expected[s] = known && window.Inputs.Has(s) ? (inputs[at] - left[at]) * Model.Deviations[at] + Model.Means[at] : float.NaN;
        }
    }

    /// <summary>Reads the standardised means; those of a signal that the window does not know are 0. False where it knows none.</summary>
    internal static bool ReadInputs(VehicleWindow window, ReadOnlySpan<float> means, ReadOnlySpan<float> deviations, Span<float> inputs)
    {
        var any = false;
        for (var s = 0; s < window.Shape.Signals.Count; s++)
        {
            var minute = window.Inputs.Of(s)[0];
            var now = float.IsNaN(window.Mean(s)) ? minute : window.Mean(s);
            var at = s * InputsPerSignal;
            var known = window.Inputs.Has(s);
            any |= known;
            inputs[at] = known ? (now - means[at]) / deviations[at] : 0;
            inputs[at + 1] = known ? (minute - means[at + 1]) / deviations[at + 1] : 0;
        }
        return any;
    }

    /// <summary>The share of the distance from the center that the components do not explain, as ML.NET measures it (a root, 0 to 1).</summary>
    /// <param name="inputs">Standardised.</param>
    /// <param name="left">Room for what is left of each input.</param>
    internal float Error(ReadOnlySpan<float> inputs, Span<float> left)
    {
        var whole = 0.0;
        for (var i = 0; i < inputs.Length; i++)
        {
            left[i] = inputs[i] - _center[i];
            whole += (double)left[i] * left[i];
        }
        if (whole == 0) return 0;
        foreach (var component in _components)
        {
            var along = 0f;
            for (var i = 0; i < component.Length; i++) along += component[i] * (inputs[i] - _center[i]);
            for (var i = 0; i < component.Length; i++) left[i] -= along * component[i];
        }
        var unexplained = 0.0;
        foreach (var value in left) unexplained += (double)value * value;
        return (float)Math.Sqrt(Math.Min(1, unexplained / whole));
    }

    private void Judge(VehicleWindow window, ReadOnlySpan<float> inputs, Span<float> left)
    {
        var error = Error(inputs, left);
        var score = ScoreOf(error, Model.Threshold);
        if (window.Verdict.Judged && score <= window.Verdict.Score) return;

        var signals = _shape.Signals.Count;
        Span<float> weights = stackalloc float[signals];
        for (var s = 0; s < signals; s++)
        {
            var at = s * InputsPerSignal;
            weights[s] = window.Inputs.Has(s) ? left[at] * left[at] + left[at + 1] * left[at + 1] : float.NegativeInfinity;
        }
        Span<int> top = stackalloc int[Verdict.MaxReasons];
        var count = Verdict.Largest(weights, top);
        var sum = 0f;
        for (var i = 0; i < count; i++) sum += weights[top[i]];
        Span<Verdict.Reason> reasons = stackalloc Verdict.Reason[count];
        for (var i = 0; i < count; i++)
        {
            var at = top[i] * InputsPerSignal;
            var observed = inputs[at] * Model.Deviations[at] + Model.Means[at];
            reasons[i] = new(top[i], sum > 0 ? score * weights[top[i]] / sum : score / count, observed, observed - left[at] * Model.Deviations[at]);
        }
        window.Verdict.Set(score, reasons);
    }

    internal static float EvidenceOf(float error) => Steepness * error;

    private static float ScoreOf(float error, float threshold) => Fusion.Score(EvidenceOf(error), EvidenceOf(threshold));
}
