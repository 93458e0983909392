using System.Runtime.CompilerServices;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>
/// Predicts each signal from all the others, looks at how far off the predictions are over several spans, and says by classifiers that know
/// what disturbed signals look like how odd that is: a fault breaks the relations between signals long before a value looks odd.
/// </summary>
public sealed class VirtualSensorDetector : IDetector
{
    /// <summary>Steps a window must have before a vehicle is judged.</summary>
    internal const int MinAge = 6;

    /// <summary>Fewer vehicles cost less one after the other.</summary>
    private const int FewestTogether = 4;

    private readonly SensorBank _sensors;
    private readonly Fusion _fusion;
    private readonly WindowShape _shape;
    private readonly Usual[] _usual;
    private readonly bool _takesMany;

    internal VirtualSensorDetector(string modelId, VirtualSensorModel model, CompiledTrees[] sensors, CompiledTrees[] errors, CompiledTrees[] globals, CompiledTrees[] heads)
    {
        ModelId = modelId;
        Model = model;
        _sensors = new SensorBank(model.Sensors, sensors, errors);
        _usual = [.. model.Sensors.SelectMany(sensor => sensor.Usual)];
        _fusion = new Fusion(globals, heads, _usual, [.. model.Sensors.Select(sensor => sensor.Normal)], model.Rest);
        _takesMany = _sensors.TakesMany && _fusion.TakesMany;
        _shape = new WindowShape([.. model.Sensors.Select(sensor => sensor.Signal)]);
    }

    public string ModelId { get; }

    public string Profile => Model.Profile;

    /// <summary>What the model was calibrated to.</summary>
    public VirtualSensorModel Model { get; }

    internal SensorBank Sensors => _sensors;

    internal Fusion Fusion => _fusion;

    public VehicleWindow CreateWindow() => new(_shape);

    public VehicleWindow RestoreWindow(ReadOnlySpan<byte> snapshot) => VehicleWindow.Restore(_shape, snapshot);

    public Score Apply(VehicleWindow window, TelemetryBatch batch)
    {
        Fold(window, batch);
        return window.Verdict.Compose(this, _shape, batch);
    }

    public void Explain(VehicleWindow window, Span<float> observed, Span<float> expected)
    {
        Span<float> inputs = stackalloc float[SensorBank.Width(_sensors.Signals)];
        _sensors.Predict(window, inputs, expected);
        for (var s = 0; s < observed.Length; s++) observed[s] = window.Mean(s);
    }

    public void Apply(ReadOnlySpan<VehicleTurn> turns)
    {
        while (turns.Length >= FewestTogether && _takesMany)
        {
            var some = turns[..Math.Min(turns.Length, SideBySide.Rows)];
            FoldTogether(some);
            turns = turns[some.Length..];
        }
        foreach (var turn in turns) turn.Take(this);
    }

    /// <summary>Takes the batch into the window; the verdict is that of the oddest step it completed.</summary>
    internal void Fold(VehicleWindow window, TelemetryBatch batch)
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

    /// <summary>Reads what the classifiers see, after <see cref="SensorBank.Observe"/>.</summary>
    internal void ReadFeatures(VehicleWindow window, Span<float> features)
    {
        FusionFeatures.Read(window, _sensors.Sensors, features);
        FusionFeatures.Complete(_usual, features);
    }

    /// <summary>Does for several vehicles what <see cref="Fold"/> does for one, step by step for all of them.</summary>
    private void FoldTogether(ReadOnlySpan<VehicleTurn> turns)
    {
        Span<int> positions = stackalloc int[SideBySide.Rows];
        var room = default(Windows);
        Span<VehicleWindow> stepping = room;
        for (var step = 0; ; step++)
        {
            var count = 0;
            for (var v = 0; v < turns.Length; v++)
            {
                var window = turns[v].Window;
                if (!window.Advance(turns[v].Batch, ref positions[v])) continue;
                if (step == 0) window.Verdict.Clear();
                stepping[count++] = window;
            }
            if (count == 0) break;
            if (count >= FewestTogether) JudgeTogether(stepping[..count]);
            else foreach (var window in stepping[..count]) Judge(window);
        }
        foreach (var turn in turns) turn.Score = turn.Window.Verdict.Compose(this, _shape, turn.Batch);
    }

    private void Judge(VehicleWindow window)
    {
        var signals = _sensors.Signals;
        Span<float> inputs = stackalloc float[SensorBank.Width(signals)];
        Span<float> expected = stackalloc float[signals];
        _sensors.Observe(window, inputs, expected);
        if (window.Age < MinAge) return;

        Span<float> features = stackalloc float[FusionFeatures.Width(signals)];
        Span<float> suspicion = stackalloc float[signals];
        ReadFeatures(window, features);
        var evidence = _fusion.Evaluate(features, suspicion);
        Conclude(window, evidence, suspicion, expected);
    }

    private void JudgeTogether(ReadOnlySpan<VehicleWindow> windows)
    {
        var signals = _sensors.Signals;
        var width = FusionFeatures.Width(signals);
        Span<float> expected = stackalloc float[windows.Length * signals];
        _sensors.ObserveMany(windows, expected);

        Span<float> features = stackalloc float[windows.Length * width], suspicion = stackalloc float[signals], all = stackalloc float[SideBySide.Rows];
        var rows = new SideBySide(stackalloc float[SideBySide.Room(width)], width);
        for (var v = 0; v < windows.Length; v++)
        {
            if (windows[v].Age < MinAge) continue;
            var own = features.Slice(v * width, width);
            ReadFeatures(windows[v], own);
            rows.Set(v, own);
        }
        _fusion.Global(rows, all);
        for (var v = 0; v < windows.Length; v++)
        {
            if (windows[v].Age < MinAge) continue;
            var evidence = _fusion.Evaluate(all[v], features.Slice(v * width, width), suspicion);
            Conclude(windows[v], evidence, suspicion, expected.Slice(v * signals, signals));
        }
    }

    private void Conclude(VehicleWindow window, float evidence, Span<float> suspicion, ReadOnlySpan<float> expected)
    {
        Span<int> top = stackalloc int[Verdict.MaxReasons];
        for (var s = 0; s < expected.Length; s++)
        {
            if (float.IsNaN(expected[s])) suspicion[s] = float.NegativeInfinity;
        }
        var count = Verdict.Largest(suspicion, top);
        if (count == 0) return;
        var score = Fusion.Score(evidence, Model.Threshold);
        if (window.Verdict.Judged && score <= window.Verdict.Score) return;

        // A signal's share is the probability that it is the one, among those that are named.
        Span<Verdict.Reason> reasons = stackalloc Verdict.Reason[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++) sum += Math.Exp(suspicion[top[i]] - suspicion[top[0]]);
        for (var i = 0; i < count; i++)
        {
            var s = top[i];
            reasons[i] = new(s, (float)(score * (Math.Exp(suspicion[s] - suspicion[top[0]]) / sum)), window.Mean(s), expected[s]);
        }
        window.Verdict.Set(score, reasons);
    }

    [InlineArray(SideBySide.Rows)]
    private struct Windows
    {
        private VehicleWindow _first;
    }
}
