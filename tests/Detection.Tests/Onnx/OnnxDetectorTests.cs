using Kappa.Iot.Contracts;
using Microsoft.ML.OnnxRuntime;

namespace Kappa.Iot.Detection.Tests;

public sealed class OnnxDetectorTests
{
    private static readonly string[] Obd = [.. Enumerable.Range(1, 18).Select(id => SignalCatalogue.Find((uint)id)!.Path)];

    /// <summary>The article's autoencoder.</summary>
    private static readonly int[] Autoencoder = [18, 12, 6, 12, 18];

    [Fact]
    public void Scores_of_recorded_trips_are_those_of_the_runtime_on_the_same_rows()
    {
        var onnx = OnnxFile.Dense(Autoencoder);
        var manifest = Manifest() with { Row = OnnxRow.Sample, Threshold = 1.5f };
        var detector = Load(onnx, manifest);
        using var session = new InferenceSession(onnx);
        var rows = 0;
        foreach (var file in RecordedTrips.Files("train").Take(4))
        {
            var window = detector.CreateWindow();
            foreach (var batch in RecordedTrips.Read(file))
            {
                var score = detector.Apply(window, batch);
                var samples = batch.Columns[0].Values.Count;
                double sum = 0;
                var judged = 0;
                for (var i = 0; i < samples; i++)
                {
                    var values = manifest.Signals.Select(path => batch.Columns.FirstOrDefault(c => c.Signal == SignalCatalogue.Get(path).Id)?.Values[i] ?? float.NaN).ToArray();
                    if (values.Count(float.IsFinite) < 9) continue;
                    var scaled = values.Select((value, s) => float.IsFinite(value) ? (value - manifest.Mean[s]) / manifest.Scale[s] : 0).ToArray();
                    using var results = session.Run([NamedOnnxValue.CreateFromTensor("input", new Microsoft.ML.OnnxRuntime.Tensors.DenseTensor<float>(scaled, [1, 18]))]);
                    var output = results[0].AsEnumerable<float>().ToArray();
                    sum += values.Select((value, s) => (value, s)).Where(v => float.IsFinite(v.value)).Average(v => Math.Pow((double)scaled[v.s] - output[v.s], 2));
                    judged++;
                }
                Assert.Equal(judged > 0, score.Contributions.Count > 0);
                if (judged == 0) continue;
                rows += judged;
                // 0.5 at the threshold, and the square of its distance from there.
                var error = (float)(sum / judged);
                Assert.Equal(1 / (1 + Math.Pow(manifest.Threshold!.Value / error, 2)), score.Score_, 1e-5);
                Assert.Equal(score.Score_, score.Contributions.Sum(part => part.Share), 1e-5f);
                Assert.Equal(Fusion.Score(4 * MathF.Log(error), 4 * MathF.Log(1.5f)), score.Score_);
            }
        }
        Assert.True(rows > 5000, $"{rows} rows");
    }

    [Fact]
    [Trait("Invariant", "3")]
    public void A_window_saved_and_restored_anywhere_scores_on_bit_for_bit()
    {
        foreach (var manifest in (OnnxManifest[])[BroughtNetwork.Synthetic with { Threshold = 1, Rows = 3 }, BroughtNetwork.Synthetic with { Threshold = 1, Row = OnnxRow.Sample }])
        {
            var onnx = OnnxFile.Dense([6 * manifest.Rows, 4, 6 * manifest.Rows]);
            IDetector one = Load(onnx, manifest), other = Load(onnx, manifest);
            VehicleWindow kept = one.CreateWindow(), moved = other.CreateWindow();
            var judged = 0;
            foreach (var batch in SyntheticFleet.Drive(3, 60, Missing))
            {
                var first = one.Apply(kept, batch);
                var second = other.Apply(moved, batch);
                Assert.Equal(first, second);
                judged += first.Contributions.Count > 0 ? 1 : 0;
                moved = other.RestoreWindow(moved.Save());
            }
            Assert.True(judged > 40);
        }
    }

    [Fact]
    public void How_samples_are_cut_into_batches_changes_no_step()
    {
        var detector = Load(OnnxFile.Dense([12, 5, 12]), BroughtNetwork.Synthetic with { Threshold = 1, Rows = 2 });
        var way = SyntheticFleet.Drive(5, 40);
        var whole = way.Select(_ => 0f).ToList();
        var window = detector.CreateWindow();
        for (var i = 0; i < way.Count; i++) whole[i] = detector.Apply(window, way[i]).Score_;
        window = detector.CreateWindow();
        var halves = way.SelectMany(batch => (TelemetryBatch[])[Part(batch, 0), Part(batch, 5)]).Select(batch => detector.Apply(window, batch).Score_).ToList();
        Assert.Equal(whole, halves.Where((_, i) => i % 2 == 1));
        Assert.True(whole.Distinct().Count() > 30);
    }

    [Fact]
    public void Missing_signals_and_NaN_do_not_count_and_what_is_mostly_missing_is_not_judged()
    {
        var detector = Load(OnnxFile.Dense([6, 3, 6]), BroughtNetwork.Synthetic with { Threshold = 1, Row = OnnxRow.Sample });
        var batch = SyntheticFleet.Drive(1, 1)[0];
        batch.Columns.RemoveAt(5);
        for (var i = 0; i < 10; i++) batch.Columns[2].Values[i] = i % 2 == 0 ? float.NaN : float.PositiveInfinity;
        var score = detector.Apply(detector.CreateWindow(), batch);
        Assert.InRange(score.Score_, 1e-6f, 1);
        Assert.DoesNotContain(score.Contributions, part => part.Signal is SyntheticFleet.Coolant or SyntheticFleet.TyreRight);
        Assert.All(score.Contributions, part => Assert.True(float.IsFinite(part.Share) && float.IsFinite(part.Observed) && float.IsFinite(part.Expected)));

        batch.Columns.RemoveAt(1);
        batch.Columns.RemoveAt(0);
        score = detector.Apply(detector.CreateWindow(), batch);
        Assert.Equal((0f, 0), (score.Score_, score.Contributions.Count));
        Assert.Empty(detector.Apply(detector.CreateWindow(), new TelemetryBatch { Vin = "V", Profile = "test" }).Contributions);
    }

    [Fact]
    public void A_value_beyond_all_measure_is_as_odd_as_can_be_and_the_shares_still_add_up()
    {
        var detector = Load(OnnxFile.Dense([6, 3, 6]), BroughtNetwork.Synthetic with { Threshold = 1, Row = OnnxRow.Sample });
        var batch = SyntheticFleet.Drive(1, 1)[0];
        for (var i = 0; i < 10; i++) batch.Columns[1].Values[i] = i % 2 == 0 ? float.MaxValue : -float.MaxValue;
        var score = detector.Apply(detector.CreateWindow(), batch);
        Assert.Equal(1, score.Score_, 1e-6f);
        Assert.Equal(SyntheticFleet.Load, score.Contributions[0].Signal);
        Assert.Equal(score.Score_, score.Contributions.Sum(part => part.Share), 1e-5f);
    }

    [Fact]
    public void What_the_network_expects_is_told_in_the_signals_own_unit()
    {
        // It says 0 to everything: each signal is expected at its mean.
        var detector = Load(OnnxFile.Dense([6, 6], weight: (_, _, _) => 0), BroughtNetwork.Synthetic with { Threshold = 1 });
        var window = detector.CreateWindow();
        var batch = SyntheticFleet.Drive(1, 1)[0];
        var score = detector.Apply(window, batch);
        float[] observed = new float[6], expected = new float[6];
        detector.Explain(window, observed, expected);
        Assert.Equal(BroughtNetwork.Synthetic.Mean, expected);
        var tyre = batch.Columns[4].Values.Average();
        Assert.Equal(tyre, observed[4], 0.01f);
        Assert.All(score.Contributions, part => Assert.Equal(BroughtNetwork.Synthetic.Mean[window.Shape.IndexOf(part.Signal)], part.Expected));
    }

    [Fact]
    public void A_network_that_gives_a_score_is_explained_by_what_it_would_say_without_each_signal()
    {
        // The score is three times the scaled load, less the scaled speed.
        var detector = Load(OnnxFile.Dense([6, 1], weight: (_, from, _) => from switch { 0 => -1, 1 => 3, _ => 0 }), BroughtNetwork.Synthetic with { Output = OnnxOutput.Score, Threshold = 2 });
        var window = detector.CreateWindow();
        var score = detector.Apply(window, SyntheticFleet.Drive(1, 1, (signal, _, value) => signal switch { SyntheticFleet.Load => 90, SyntheticFleet.Speed => 60, _ => value })[0]);
        // Load 90 is 5 scales above 40, speed 60 is at its mean: 15.
        Assert.Equal(1 / (1 + Math.Exp(-2 * (15 - 2))), score.Score_, 1e-5);
        Assert.Equal((SyntheticFleet.Load, score.Score_), (score.Contributions[0].Signal, score.Contributions[0].Share));
        Assert.Equal(score.Score_, score.Contributions.Sum(part => part.Share), 1e-6f);
    }

    private static IDetector Load(byte[] onnx, OnnxManifest manifest) => ModelArtifact.Load("m", OnnxImport.Create(onnx, manifest, null, 0.1).Artifact);

    private static float Missing(uint signal, int second, float value) => signal == SyntheticFleet.Oil && second % 7 == 0 ? float.NaN : value;

    private static TelemetryBatch Part(TelemetryBatch batch, int from)
    {
        var part = new TelemetryBatch { Vin = batch.Vin, Profile = batch.Profile, BootId = 1, Sequence = batch.Sequence * 2 + (ulong)from, SampleIntervalMs = 1000, StartTimeMs = batch.StartTimeMs + from * 1000 };
        foreach (var column in batch.Columns)
        {
            var half = new SignalColumn { Signal = column.Signal };
            half.Values.AddRange(column.Values.Skip(from).Take(5));
            part.Columns.Add(half);
        }
        return part;
    }

    /// <summary>Round figures for the recorded cars: only that the rows differ matters.</summary>
    private static OnnxManifest Manifest() => new()
    {
        Profile = VehicleProfiles.Obd,
        Signals = Obd,
        Mean = [1500, 40, 20, 40, 85, 0, 0, 50, 50, 20, 10, 30, 15, 500, 450, 14, 10, 90],
        Scale = [700, 30, 10, 20, 10, 5, 5, 20, 25, 10, 8, 10, 10, 100, 100, 0.5f, 8, 10],
    };
}
