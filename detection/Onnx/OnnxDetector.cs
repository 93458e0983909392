using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>
/// A network that somebody else has trained. Of an autoencoder, what it cannot reconstruct is odd: the error is the mean squared difference
/// in scaled units, over the signals that are known. A missing value is put in as its signal's mean and does not count.
/// </summary>
public sealed class OnnxDetector : IDetector
{
    private readonly WindowShape _shape;
    private readonly OnnxNetwork _network;
    private readonly int _signals;

    internal OnnxDetector(string modelId, OnnxModel model, byte[] onnx)
    {
        ModelId = modelId;
        Model = model;
        _signals = model.Signals.Length;
        if (_signals == 0 || model.Mean.Length != _signals || model.Scale.Length != _signals || model.Rows < 1)
            throw new InvalidDataException($"The calibration of model '{modelId}' is not complete.");
        _network = new OnnxNetwork(modelId, onnx, model.Rows, _signals, model.Output);
        _shape = new WindowShape(model.Signals, ExpectedAt + _signals + (model.Row == OnnxRow.Step ? model.Rows : 1) * _signals);
    }

    public string ModelId { get; }

    public string Profile => Model.Profile;

    public OnnxModel Model { get; }

    // Notes of the window: how many rows there are, what was expected last, then the rows, newest last. Of samples, one row: what was observed last.
    private const int CountAt = 0, ExpectedAt = 1;

    private int RowsAt => ExpectedAt + _signals;

    public VehicleWindow CreateWindow() => new(_shape);

    public VehicleWindow RestoreWindow(ReadOnlySpan<byte> snapshot) => VehicleWindow.Restore(_shape, snapshot);

    public Score Apply(VehicleWindow window, TelemetryBatch batch)
    {
        Fold(window, batch);
        return window.Verdict.Compose(this, _shape, batch);
    }

    public void Explain(VehicleWindow window, Span<float> observed, Span<float> expected)
    {
        window.Notes.AsSpan(ExpectedAt, _signals).CopyTo(expected);
        window.Notes.AsSpan(window.Notes.Length - _signals, _signals).CopyTo(observed);
        if (window.Notes[CountAt] != 0) return;
        expected.Fill(float.NaN);
        observed.Fill(float.NaN);
    }

    /// <summary>Takes a batch into the window.</summary>
    /// <returns>The error, or the network's score, of the oddest step; of samples, the mean over the batch. NaN where it could not be judged.</returns>
    internal float Fold(VehicleWindow window, TelemetryBatch batch)
    {
        if (Model.Row == OnnxRow.Sample) return FoldSamples(window, batch);
        var position = 0;
        var first = true;
        var worst = float.NaN;
        while (window.Advance(batch, ref position))
        {
            if (first) window.Verdict.Clear();
            first = false;
            PushStep(window);
            if (window.Notes[CountAt] < Model.Rows) continue;
            var judged = new OnnxJudgement(this, _network);
            judged.Add(window.Notes.AsSpan(RowsAt, Model.Rows * _signals));
            judged.Expected(window.Notes.AsSpan(ExpectedAt, _signals));
            var error = judged.Conclude(window);
            if (error > worst || float.IsNaN(worst)) worst = error;
        }
        return worst;
    }

    /// <summary>How odd an error or a network's score is, in logits, where <see cref="Fusion.Score"/> wants it.</summary>
    internal float EvidenceOf(float error) => Model.Output == OnnxOutput.Score ? 4 * error / Model.Spread : 4 * MathF.Log(MathF.Max(error, float.Epsilon));

    /// <summary>The error or score of some evidence.</summary>
    internal float ErrorAt(float evidence) => Model.Output == OnnxOutput.Score ? evidence * Model.Spread / 4 : MathF.Exp(evidence / 4);

    private float FoldSamples(VehicleWindow window, TelemetryBatch batch)
    {
        // Keeps the window's clock, and forgets after a gap.
        for (var position = 0; window.Advance(batch, ref position);) { }
        window.Verdict.Clear();
        var judged = new OnnxJudgement(this, _network);
        Span<float> row = stackalloc float[_signals];
        Span<float> observed = stackalloc float[_signals];
        Span<int> counts = stackalloc int[_signals];
        for (var i = 0; i < batch.SampleCount(); i++)
        {
            row.Fill(float.NaN);
            foreach (var column in batch.Columns)
            {
                var s = _shape.IndexOf(column.Signal);
                if (s >= 0 && i < column.Values.Count) row[s] = column.Values[i];
            }
            for (var s = 0; s < _signals; s++)
            {
                if (!float.IsFinite(row[s])) continue;
                observed[s] += row[s];
                counts[s]++;
            }
            judged.Add(row);
        }
        for (var s = 0; s < _signals; s++) window.Notes[RowsAt + s] = counts[s] == 0 ? float.NaN : observed[s] / counts[s];
        window.Notes[CountAt] = 1;
        judged.Expected(window.Notes.AsSpan(ExpectedAt, _signals));
        return judged.Conclude(window);
    }

    private void PushStep(VehicleWindow window)
    {
        var rows = window.Notes.AsSpan(RowsAt);
        // A row stands for the ten seconds after the one before it.
        if (window.GapBefore != 0) window.Notes[CountAt] = 0;
        rows[_signals..].CopyTo(rows);
        for (var s = 0; s < _signals; s++) rows[(Model.Rows - 1) * _signals + s] = window.Mean(s);
        window.Notes[CountAt] = Math.Min(window.Notes[CountAt] + 1, Model.Rows);
        window.Notes.AsSpan(ExpectedAt, _signals).Fill(float.NaN);
    }
}
