using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>
/// Predicts each signal from all the others and looks at how far off the predictions are, over several spans: a fault breaks the relations
/// between signals long before a value looks odd.
/// </summary>
public sealed class VirtualSensorDetector : IDetector
{
    /// <summary>A prediction counts where the vehicle has the signals that this much of it relies on.</summary>
    private const float RelianceNeeded = 0.9f;

    /// <summary>Residuals are cut off at this many times the usual error.</summary>
    internal const float MaxResidual = 30;

    private readonly CompiledTrees[] _trees;
    private readonly WindowShape _shape;

    internal VirtualSensorDetector(string modelId, VirtualSensorModel model, CompiledTrees[] trees)
    {
        ModelId = modelId;
        Model = model;
        _trees = trees;
        _shape = new WindowShape([.. model.Sensors.Select(sensor => sensor.Signal)]);
    }

    public string ModelId { get; }

    public string Profile => Model.Profile;

    /// <summary>What the model was calibrated to.</summary>
    public VirtualSensorModel Model { get; }

    public VehicleWindow CreateWindow() => new(_shape);

    public VehicleWindow RestoreWindow(ReadOnlySpan<byte> snapshot) => VehicleWindow.Restore(_shape, snapshot);

    public Score Apply(VehicleWindow window, TelemetryBatch batch)
    {
        Fold(window, batch);
        return Compose(window, batch);
    }

    /// <summary>Takes the batch into the window; the verdict is that of the oddest step it completed.</summary>
    private void Fold(VehicleWindow window, TelemetryBatch batch)
    {
        var position = 0;
        var first = true;
        while (window.Advance(batch, ref position))
        {
            if (first) window.Verdict.Clear();
            first = false;
            Judge(window);
        }
    }

    private void Judge(VehicleWindow window)
    {
        var signals = _trees.Length;
        Span<float> features = stackalloc float[signals * SensorFeatures.PerSignal];
        Span<float> expected = stackalloc float[signals];
        Span<float> residuals = stackalloc float[signals];
        Predict(window.Inputs, features, expected, residuals);
        window.Residuals.Push(residuals);
        if (window.Age < ResidualStatistics.MinAge) return;

        Span<float> rarities = stackalloc float[signals];
        for (var s = 0; s < signals; s++) rarities[s] = Rarity(window.Residuals, s, Model.Sensors[s].Tails);

        Span<int> top = stackalloc int[Verdict.MaxReasons];
        var fused = Evidence.Fuse(rarities, top, out var count);
        if (count == 0) return;
        var score = Evidence.Score(fused, Model.Threshold);
        if (window.Verdict.Judged && score <= window.Verdict.Score) return;

        Span<Verdict.Reason> reasons = stackalloc Verdict.Reason[count];
        var whole = Evidence.Weight(fused);
        for (var i = 0; i < count; i++)
        {
            var s = top[i];
            var share = whole > 0 ? (float)(score * (Evidence.Weight(rarities[s]) / whole)) : 0;
            reasons[i] = new(s, share, window.Inputs.Last(s), expected[s]);
        }
        window.Verdict.Set(score, reasons);
    }

    /// <summary>Evaluates every sensor for the newest step.</summary>
    /// <param name="inputs">The vehicle's signals.</param>
    /// <param name="features">Room for the means of all signals.</param>
    /// <param name="expected">Room for the predictions, NaN where the vehicle lacks what the prediction relies on.</param>
    /// <param name="residuals">Room for the errors in units of the usual one, NaN where there is none.</param>
    internal void Predict(StepRings inputs, Span<float> features, Span<float> expected, Span<float> residuals)
    {
        var signals = _trees.Length;
        Span<bool> present = stackalloc bool[signals];
        for (var s = 0; s < signals; s++)
        {
            var means = features.Slice(s * SensorFeatures.PerSignal, SensorFeatures.PerSignal);
            SensorFeatures.Read(inputs, s, means);
            present[s] = !float.IsNaN(means[2]);
            if (!present[s]) means.Fill(Model.Sensors[s].Typical);
        }

        for (var s = 0; s < signals; s++)
        {
            var sensor = Model.Sensors[s];
            var observed = inputs.Last(s);
            if (float.IsNaN(observed) || Relied(sensor.Reliance, present) < RelianceNeeded)
            {
                expected[s] = residuals[s] = float.NaN;
                continue;
            }
            expected[s] = _trees[s].Evaluate(features);
            residuals[s] = Math.Clamp((observed - expected[s]) / sensor.Scale, -MaxResidual, MaxResidual);
        }
    }

    /// <summary>The rarity of a signal's oddest statistic, NaN where none is known.</summary>
    internal static float Rarity(StepRings residuals, int signal, TailTable?[] tails)
    {
        Span<float> statistics = stackalloc float[ResidualStatistics.PerSignal];
        ResidualStatistics.Read(residuals, signal, statistics);
        var rarity = float.NaN;
        for (var k = 0; k < statistics.Length; k++)
        {
            if (tails[k] is not { } tail || float.IsNaN(statistics[k])) continue;
            var one = tail.Rarity(Math.Abs(statistics[k]));
            if (!(one <= rarity)) rarity = one;
        }
        return rarity;
    }

    private static float Relied(float[] reliance, ReadOnlySpan<bool> present)
    {
        var sum = 0f;
        for (var s = 0; s < reliance.Length; s++)
        {
            if (!present[s]) sum += reliance[s];
        }
        return 1 - sum;
    }

    private Score Compose(VehicleWindow window, TelemetryBatch batch)
    {
        var score = new Score
        {
            Vin = batch.Vin,
            Profile = batch.Profile,
            ModelId = ModelId,
            BootId = batch.BootId,
            Sequence = batch.Sequence,
            StartTimeMs = batch.StartTimeMs,
            DurationMs = (uint)Math.Min(uint.MaxValue, batch.DurationMs()),
            Score_ = window.Verdict.Score,
        };
        foreach (var reason in window.Verdict.Reasons)
        {
            score.Contributions.Add(new Contribution
            {
                Signal = _shape.Signals[reason.Signal],
                Share = reason.Share,
                Observed = reason.Observed,
                Expected = reason.Expected,
            });
        }
        return score;
    }
}
