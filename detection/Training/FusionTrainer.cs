namespace Kappa.Iot.Detection.Training;

/// <summary>Trains the classifiers and says what they make of normal driving that they have not seen.</summary>
internal static class FusionTrainer
{
    // Shares of the possible rows of the classifier of single signals: of a step without any disturbance, of a disturbed signal, of a
    // signal while another is disturbed.
    private const double NormalShare = 0.15, DisturbedShare = 0.5, OtherShare = 0.06;

    /// <summary>Nearly all: the part of normal steps in which a signal's classifier stays below what is called normal.</summary>
    private const double NearlyAll = 0.995;

    /// <summary>The part of normal steps in which nothing stirs; of the others, the part whose signals say more than what stands for those at rest.</summary>
    private const double AtRest = 0.8, AboveRest = 0.9;

    public static TrainedFusion Train(StepTable table, IReadOnlyList<FusionData> data, TrainingOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancel)
    {
        var signals = table.Signals;
        var rows = new FusionRows(FusionFeatures.Width(signals));
        var judged = new List<bool>();
        foreach (var vehicle in data)
        {
            rows.AddRange(vehicle.Normal);
            judged.AddRange(vehicle.Judged);
        }
        var normal = rows.Count;
        foreach (var vehicle in data) rows.AddRange(vehicle.Disturbed);
        judged.AddRange(Enumerable.Repeat(true, rows.Count - normal));

        if (!judged[..normal].Contains(true)) throw new TrainingException("No step of the data could be judged: the vehicles' telemetry is too short. Give a longer time range.");
        var usual = Calibration.Usual([.. Enumerable.Range(0, normal).Where(row => judged[row])], row => rows.Features(row), signals * FusionFeatures.PerSignal);
        for (var row = 0; row < rows.Count; row++) FusionFeatures.Complete(usual, rows.Features(row));

        var variants = table.Folds + 1;
        var trained = new BoostedTrees.Trained[2 * variants];
        InParallel.For(trained.Length, options, "train classifiers", progress, job =>
        {
            var fold = job % variants;
            trained[job] = job < variants
                ? TrainGlobal(rows, Enumerable.Range(0, rows.Count).Where(row => judged[row] && rows.Fold(row) != fold).ToArray(), options)
                : TrainHeads(rows, signals, Enumerable.Range(0, rows.Count).Where(row => judged[row] && rows.Fold(row) != fold).ToArray(), options);
        }, cancel);
        var compiled = Array.ConvertAll(trained, trees => trees.Compile());

        // What the classifiers say of normal steps that they have not seen.
        var globals = new float[normal];
        var heads = new float[normal][];
        InParallel.For(data.Count, options, "calibrate", progress, v =>
        {
            var start = data.Take(v).Sum(vehicle => vehicle.Normal.Count);
            var none = new float[signals];
            for (var row = start; row < start + data[v].Normal.Count; row++)
            {
                if (!judged[row]) continue;
                var fold = rows.Fold(row);
                var fusion = new Fusion([compiled[fold]], [compiled[variants + fold]], usual, none, default);
                heads[row] = new float[signals];
                globals[row] = fusion.Global(rows.Features(row));
                fusion.Suspect(rows.Features(row), heads[row]);
            }
        }, cancel);

        var limits = new float[signals];
        for (var s = 0; s < signals; s++)
        {
            limits[s] = Quantile(heads.Where(head => head is not null).Select(head => head[s]), NearlyAll);
        }
        // The signals' own evidence counts where anything stirs; none of these rows is beyond what is normal, as they say what is.
        var evidence = new float[normal];
        for (var row = 0; row < normal; row++) evidence[row] = heads[row] is null ? float.NaN : Fusion.Combine(0, heads[row], limits);
        var below = Quantile(globals.Where((_, row) => judged[row]), AtRest);
        var rest = new Rest(below, Quantile(evidence.Where((_, row) => judged[row] && globals[row] >= below), 1 - AboveRest));
        for (var row = 0; row < normal; row++) evidence[row] = globals[row] + (judged[row] && globals[row] < below ? rest.Evidence : evidence[row]);
        return new TrainedFusion(trained[table.Folds].Save(), trained[variants + table.Folds].Save(), limits, usual, rest, evidence, rows.Count - normal);
    }

    private static float Quantile(IEnumerable<float> values, double share)
    {
        var ordered = values.Order().ToArray();
        return ordered[(int)((ordered.Length - 1) * share)];
    }

    private static BoostedTrees.Trained TrainGlobal(FusionRows rows, int[] chosen, TrainingOptions options) =>
        BoostedTrees.Classify(chosen.Length, rows.Width, (i, features) =>
        {
            rows.Features(chosen[i]).CopyTo(features);
            return rows.Disturbed(chosen[i]) == 0 ? 0 : 1;
        }, options.Global, options.Seed);

    private static BoostedTrees.Trained TrainHeads(FusionRows rows, int signals, int[] chosen, TrainingOptions options)
    {
        var pairs = new List<(int Row, int Signal)>();
        foreach (var row in chosen)
        {
            var disturbed = rows.Disturbed(row);
            for (var s = 0; s < signals; s++)
            {
                var share = disturbed == 0 ? NormalShare : (disturbed >> s & 1) != 0 ? DisturbedShare : OtherShare;
                var drawn = StableHash.Mix(((ulong)row * FusionData.MaxSignals + (ulong)s) ^ ((ulong)(uint)options.Seed << 40)) * (1.0 / ulong.MaxValue);
                if (drawn < share) pairs.Add((row, s));
            }
        }
        return BoostedTrees.Classify(pairs.Count, FusionFeatures.HeadWidth(signals), (i, features) =>
        {
            var (row, signal) = pairs[i];
            FusionFeatures.ReadHead(rows.Features(row), signals, signal, features);
            return rows.Disturbed(row) >> signal & 1;
        }, options.Heads, options.Seed);
    }
}

/// <summary>Classifiers as they were trained.</summary>
/// <param name="Global">The classifier of all signals, in ML.NET's format.</param>
/// <param name="Heads">The one that the signals share.</param>
/// <param name="Limits">Per signal, its evidence at most of nearly all normal steps.</param>
/// <param name="Usual">By signal, then statistic, what is usual.</param>
/// <param name="Rest">When nothing stirs.</param>
/// <param name="Evidence">Of each normal step, by classifiers that had not seen its vehicle; NaN where it cannot be judged.</param>
/// <param name="DisturbedRows">Rows of disturbed driving that were learned from.</param>
internal sealed record TrainedFusion(byte[] Global, byte[] Heads, float[] Limits, Usual[] Usual, Rest Rest, float[] Evidence, int DisturbedRows);
