using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Training;

/// <summary>Makes the classifiers' rows of one vehicle: its driving as it was, and spans of it that were disturbed.</summary>
internal sealed class FusionData
{
    /// <summary>Signals that a row's bits can name.</summary>
    public const int MaxSignals = 64;

    private const double ShortestSeconds = 240, LongestSeconds = 1000, AfterSeconds = 360, UnsureAfterSeconds = 60, LookBackSeconds = 30;

    // Rows that are kept: of the first steps in which a disturbance is visible, of the later ones, and of those after its end.
    private const int EarlySteps = 16, EarlyEvery = 2, LaterEvery = 5;

    private readonly StepTable _table;
    private readonly TrainedSensors _sensors;
    private readonly int _vehicle;
    private readonly VehicleSeries _series;
    private readonly VehicleWindow _window;
    private readonly VehicleWindow _disturbed;
    private readonly float[] _inputs;
    private readonly float[] _expected;
    private readonly float[] _features;
    private readonly IReadOnlyList<float> _scales;

    private FusionData(StepTable table, TrainedSensors sensors, int vehicle)
    {
        _table = table;
        _sensors = sensors;
        _vehicle = vehicle;
        _series = table.Vehicles[vehicle];
        _window = new VehicleWindow(table.Shape);
        _disturbed = new VehicleWindow(table.Shape);
        _inputs = new float[table.Width];
        _expected = new float[table.Signals];
        _features = new float[FusionFeatures.Width(table.Signals)];
        _scales = [.. sensors.Deployed.Sensors.Select(sensor => sensor.Scale)];
        Normal = new FusionRows(_features.Length);
        Disturbed = new FusionRows(_features.Length);
    }

    /// <summary>A row a step; features are all 0 where the vehicle cannot be judged yet.</summary>
    public FusionRows Normal { get; }

    /// <summary>For each step the empty ones before it, -1 where the window started anew.</summary>
    public List<int> Gaps { get; } = [];

    /// <summary>For each step whether it can be judged.</summary>
    public List<bool> Judged { get; } = [];

    public FusionRows Disturbed { get; }

    /// <summary>Makes one vehicle's rows.</summary>
    /// <param name="table">The data.</param>
    /// <param name="sensors">Residuals come from those that never saw the vehicle.</param>
    /// <param name="vehicle">Which vehicle.</param>
    /// <param name="disturbances">How many spans are disturbed.</param>
    /// <param name="seed">Of the draws.</param>
    public static FusionData Make(StepTable table, TrainedSensors sensors, int vehicle, int disturbances, int seed)
    {
        var data = new FusionData(table, sensors, vehicle);
        var draws = new Draws(data._series.Hash ^ (ulong)(uint)seed);
        var onsets = Enumerable.Range(0, disturbances).Select(_ => draws.Below(data._series.Batches.Count)).Order().ToArray();
        var next = 0;
        SeriesPlayer.Play(data._series, data._window, data.TakeNormal, (batch, step) =>
        {
            for (; next < onsets.Length && onsets[next] == batch; next++) data.Disturb(batch, step, new Draws(StableHash.Mix(data._series.Hash + (ulong)next) ^ (ulong)(uint)seed));
        });
        return data;
    }

    private void TakeNormal(VehicleWindow window, int step)
    {
        var fold = _table.FoldOf(_vehicle, step);
        var judged = Observe(window, fold);
        Normal.Add(_features, 0, fold);
        Gaps.Add(window.GapBefore);
        Judged.Add(judged);
    }

    private bool Observe(VehicleWindow window, int fold)
    {
        var bank = _sensors.ByFold[fold];
        bank.Observe(window, _inputs, _expected);
        var judged = window.Age >= VirtualSensorDetector.MinAge;
        if (judged) FusionFeatures.Read(window, bank.Sensors, _features);
        else Array.Clear(_features);
        return judged;
    }

    private void Disturb(int first, int step, Draws draws)
    {
        if (_window.Age < VirtualSensorDetector.MinAge) return;
        var fold = _table.FoldOf(_vehicle, step);
        var span = DisturbedSpan.Draw(_series.Batches, first, _table.Shape, _scales, draws, LookBackSeconds, draws.Between(ShortestSeconds, LongestSeconds), AfterSeconds);
        _disturbed.CopyFrom(_window);
        var offset = draws.Below(LaterEvery);
        Span<float> recent = stackalloc float[_table.Signals];
        recent.Clear();
        int visibleSteps = 0, afterSteps = 0;
        for (var b = first; b < span.StopBatch; b++)
        {
            var batch = span.Batch(b);
            for (int position = 0, taken = 0; _disturbed.Advance(batch, ref position); taken = position)
            {
                var judged = Observe(_disturbed, fold);
                if (!judged) continue;
                var (mask, present) = Visible(span, b, taken, position, recent);
                if (present)
                {
                    if (mask == 0) continue; // there, but nobody could see it yet
                    var every = visibleSteps < EarlySteps ? EarlyEvery : LaterEvery;
                    if ((visibleSteps++ + offset) % every == 0) Disturbed.Add(_features, mask, fold);
                }
                else
                {
                    afterSteps++;
                    if (afterSteps > UnsureAfterSeconds * 1000 / VehicleWindow.StepMs && (afterSteps + offset) % LaterEvery == 0) Disturbed.Add(_features, 0, fold);
                }
            }
        }
    }

    /// <summary>Which signals are far enough from what they were, on the mean of the last steps.</summary>
    private static (ulong Mask, bool Present) Visible(DisturbedSpan span, int batch, int from, int to, Span<float> recent)
    {
        var mask = 0UL;
        var present = false;
        foreach (var signal in span.Signals)
        {
            var deviation = span.Deviation(signal, batch, from, Math.Max(to, from + 1));
            if (float.IsNaN(deviation)) continue;
            present = true;
            recent[signal] += (deviation - recent[signal]) / 2;
            if (recent[signal] > 0.5f) mask |= 1UL << signal;
        }
        return (mask, present);
    }
}
