namespace Kappa.Iot.Detection.Training;

/// <summary>Measures what is normal, on what models say of vehicles that they had not seen.</summary>
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

    /// <summary>Reads one row's values.</summary>
    public delegate ReadOnlySpan<float> RowValues(int row);

    /// <summary>What is usual of each column.</summary>
    /// <param name="rows">Normal rows.</param>
    /// <param name="values">Their values.</param>
    /// <param name="columns">How many of them, from the first.</param>
    public static Usual[] Usual(int[] rows, RowValues values, int columns)
    {
        var usual = new Usual[columns];
        var column = new float[rows.Length];
        for (var c = 0; c < columns; c++)
        {
            for (var i = 0; i < rows.Length; i++) column[i] = values(rows[i])[c];
            var median = Median(column);
            for (var i = 0; i < rows.Length; i++) column[i] = Math.Abs(column[i] - median);
            Array.Sort(column);
            // What never moves in normal driving is odd as soon as it does, but not beyond all measure.
            var spread = Math.Max(column[(int)((column.Length - 1) * NearlyAll)], LeastSpread);
            usual[c] = new Usual(median, spread, Math.Max(column[^1], spread));
        }
        return usual;
    }

    private const double NearlyAll = 0.99;
    private const float LeastSpread = 0.05f;

    /// <summary>
    /// How many alerts normal driving may have raised, so that the rate to be expected later is the one that was asked for: after k alerts in
    /// some hours, (k + 1) / hours is to be expected, because the threshold was chosen by those very hours.
    /// </summary>
    public static double Allowed(double perHour, double hours) => Math.Max(0, perHour * hours - 1);

    /// <summary>The lowest threshold at which normal driving raises no more alerts than allowed.</summary>
    /// <param name="evidence">Of each step, NaN where it could not be judged.</param>
    /// <param name="gaps">Empty steps before each, -1 where a window started anew.</param>
    /// <param name="allowed">Alerts in all.</param>
    /// <returns>The threshold, and the alerts it would have raised.</returns>
    public static (float Threshold, int Alerts) Threshold(float[] evidence, IReadOnlyList<int> gaps, double allowed)
    {
        var candidates = evidence.Where(e => !float.IsNaN(e)).Distinct().Order().ToArray();
        if (candidates.Length == 0) throw new TrainingException("No step of the data could be judged: the vehicles' telemetry is too short. Give a longer time range.");
        // From the top down: low thresholds may raise fewer alerts again, as one goes on and on.
        int high = candidates.Length - 1, low = 0;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (AlertsAt(evidence, gaps, JustAbove(candidates[middle])) <= allowed && Steps(evidence, candidates[middle]) <= MaxShare * evidence.Length) high = middle;
            else low = middle + 1;
        }
        var threshold = JustAbove(candidates[low]);
        return (threshold, AlertsAt(evidence, gaps, threshold));
    }

    /// <summary>Alerts that steps in their order would raise, by the policy that raises them live.</summary>
    public static int AlertsAt(float[] evidence, IReadOnlyList<int> gaps, float threshold)
    {
        int alerts = 0, quiet = 0;
        var open = false;
        for (var row = 0; row < evidence.Length; row++)
        {
            if (gaps[row] < 0) open = false;
            if (float.IsNaN(evidence[row])) continue;
            var score = Fusion.Score(evidence[row], threshold);
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

    // Of normal steps at most this share may lie above a threshold, however few alerts they make.
    private const double MaxShare = 0.05;

    private static int Steps(float[] evidence, float above) => evidence.Count(e => e > above);

    private static float JustAbove(float candidate) => candidate + 1e-3f;

    private static float Median(float[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
