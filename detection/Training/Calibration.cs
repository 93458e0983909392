namespace Kappa.Iot.Detection.Training;

/// <summary>Measures what is normal, on residuals of vehicles that the sensors had not seen.</summary>
internal static class Calibration
{
    /// <summary>The usual size of an error.</summary>
    /// <param name="errors">Errors in the signal's unit, NaN where there is none.</param>
    /// <param name="resolution">Step of the sensor's scale: no error is called usual that is much finer.</param>
    public static float Scale(float[] errors, float resolution)
    {
        var known = errors.Where(e => !float.IsNaN(e)).ToArray();
        if (known.Length == 0) return 1;
        var median = Median([.. known]);
        var robust = 1.4826f * Median([.. known.Select(e => Math.Abs(e - median))]);
        var spread = (float)Math.Sqrt(known.Average(e => (double)e * e));
        // Where most predictions are exact the median says nothing of the rest.
        return Math.Max(Math.Max(robust, spread * 0.1f), Math.Max(resolution / 4, 1e-6f));
    }

    /// <summary>Per signal and statistic, the tails of normal data.</summary>
    /// <param name="table">The data.</param>
    /// <param name="residuals">By signal, then row, in units of the usual error.</param>
    /// <param name="signal">Which signal.</param>
    public static TailTable?[] Tails(SensorTable table, float[][] residuals, int signal)
    {
        var sizes = new List<float>[ResidualStatistics.PerSignal];
        for (var k = 0; k < sizes.Length; k++) sizes[k] = [];
        var rings = new StepRings(1);
        Span<float> value = stackalloc float[1];
        Span<float> statistics = stackalloc float[ResidualStatistics.PerSignal];
        for (var row = 0; row < table.Rows; row++)
        {
            Follow(rings, table.Gaps[row]);
            value[0] = residuals[signal][row];
            rings.Push(value);
            ResidualStatistics.Read(rings, 0, statistics);
            for (var k = 0; k < sizes.Length; k++)
            {
                if (!float.IsNaN(statistics[k])) sizes[k].Add(Math.Abs(statistics[k]));
            }
        }
        return [.. sizes.Select(TailTable.Measure)];
    }

    /// <summary>The fused rarity of every row; NaN where it cannot be judged.</summary>
    public static float[] Fuse(SensorTable table, float[][] residuals, TailTable?[][] tails)
    {
        var signals = table.Signals.Count;
        var fused = new float[table.Rows];
        var rings = new StepRings(signals);
        var values = new float[signals];
        var rarities = new float[signals];
        Span<int> top = stackalloc int[Verdict.MaxReasons];
        var age = 0;
        for (var row = 0; row < table.Rows; row++)
        {
            Follow(rings, table.Gaps[row]);
            age = table.Gaps[row] < 0 ? 1 : age + 1;
            for (var s = 0; s < signals; s++) values[s] = residuals[s][row];
            rings.Push(values);
            fused[row] = float.NaN;
            if (age < ResidualStatistics.MinAge) continue;
            for (var s = 0; s < signals; s++) rarities[s] = VirtualSensorDetector.Rarity(rings, s, tails[s]);
            fused[row] = Evidence.Fuse(rarities, top, out _);
        }
        return fused;
    }

    /// <summary>The lowest threshold at which normal driving raises no more alerts than allowed.</summary>
    /// <returns>The threshold, and the alerts it would have raised.</returns>
    public static (float Threshold, int Alerts) Threshold(float[] fused, int[] gaps, double allowed)
    {
        var candidates = fused.Where(f => !float.IsNaN(f) && f > 0).Distinct().Order().ToArray();
        if (candidates.Length == 0) throw new TrainingException("No step of the data could be judged: the vehicles' telemetry is too short. Give a longer time range.");
        // More alerts at a lower threshold, nearly always: the lowest that holds is found by halving.
        int low = 0, high = candidates.Length - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (AlertsAt(fused, gaps, JustAbove(candidates[middle])) <= allowed) high = middle;
            else low = middle + 1;
        }
        var threshold = JustAbove(candidates[low]);
        return (threshold, AlertsAt(fused, gaps, threshold));
    }

    /// <summary>Alerts that rows in their order would raise, by the policy that raises them live.</summary>
    public static int AlertsAt(float[] fused, int[] gaps, float threshold)
    {
        int alerts = 0, quiet = 0;
        var open = false;
        for (var row = 0; row < fused.Length; row++)
        {
            if (gaps[row] < 0) open = false;
            if (float.IsNaN(fused[row])) continue;
            var score = Evidence.Score(fused[row], threshold);
            if (score >= AlertPolicy.RaiseAt)
            {
                if (!open) alerts++;
                open = true;
            }
            quiet = score >= AlertPolicy.GoesOnAt ? 0 : quiet + 1;
            if (quiet >= AlertPolicy.QuietMs / VehicleWindow.StepMs) open = false;
        }
        return alerts;
    }

    private static float JustAbove(float candidate) => Math.Max(candidate * 1.001f, 1e-3f);

    private static void Follow(StepRings rings, int gap)
    {
        if (gap < 0) rings.Clear();
        else rings.PushEmpty(gap);
    }

    private static float Median(float[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
