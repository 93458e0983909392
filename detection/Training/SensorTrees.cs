using System.IO.Compression;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers.FastTree;

namespace Kappa.Iot.Detection.Training;

/// <summary>Trains one sensor with ML.NET's FastTree.</summary>
internal static class SensorTrees
{
    /// <summary>Entries of a saved model carry this time, so that the same model is the same bytes.</summary>
    private static readonly DateTimeOffset EntryTime = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Predicts a signal from the means of the others.</summary>
    /// <param name="table">The data.</param>
    /// <param name="signal">Which signal; its own means are hidden from the trees.</param>
    /// <param name="rows">Rows to learn from.</param>
    /// <param name="options">Size and seed.</param>
    public static Trained Train(SensorTable table, int signal, int[] rows, TrainingOptions options)
    {
        var width = table.Features.Length;
        var data = new Row[rows.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            var features = new float[width];
            table.Row(rows[i], features);
            features.AsSpan(signal * SensorFeatures.PerSignal, SensorFeatures.PerSignal).Clear();
            data[i] = new Row { Features = features, Label = table.Observed[signal][rows[i]] };
        }

        var ml = new MLContext(options.Seed);
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, width);
        var view = ml.Data.LoadFromEnumerable(data, schema);
        var trainer = ml.Regression.Trainers.FastTree(new FastTreeRegressionTrainer.Options
        {
            NumberOfTrees = options.Trees,
            NumberOfLeaves = options.Leaves,
            MinimumExampleCountPerLeaf = Math.Clamp(rows.Length / 100, 1, options.MinRowsPerLeaf),
            LearningRate = options.LearningRate,
            FeatureFraction = options.FeatureFraction,
            MaximumBinCountPerFeature = 63,
            NumberOfThreads = 1,
            Seed = options.Seed,
            FeatureSelectionSeed = options.Seed,
            LabelColumnName = nameof(Row.Label),
            FeatureColumnName = nameof(Row.Features),
        });
        var fitted = trainer.Fit(view);
        return new Trained(ml, fitted, view.Schema);
    }

    /// <summary>A fitted sensor.</summary>
    public sealed class Trained(MLContext ml, RegressionPredictionTransformer<FastTreeRegressionModelParameters> fitted, DataViewSchema schema)
    {
        public CompiledTrees Compile() => new(fitted.Model.TrainedTreeEnsemble);

        /// <summary>How much the splits on each signal gained; adds up to 1, or all 0 where there is no split.</summary>
        public float[] Reliance(int signals)
        {
            var weights = default(VBuffer<float>);
            fitted.Model.GetFeatureWeights(ref weights);
            var gains = weights.DenseValues().ToArray();
            var reliance = new float[signals];
            for (var f = 0; f < gains.Length; f++) reliance[f / SensorFeatures.PerSignal] += Math.Max(0, gains[f]);
            var sum = reliance.Sum();
            for (var s = 0; s < signals && sum > 0; s++) reliance[s] /= sum;
            return reliance;
        }

        /// <summary>The model in ML.NET's own format.</summary>
        public byte[] Save()
        {
            using var saved = new MemoryStream();
            ml.Model.Save(fitted, schema, saved);
            saved.Position = 0;
            return WithoutTimes(saved);
        }

        private static byte[] WithoutTimes(MemoryStream zip)
        {
            using var stream = new MemoryStream();
            using (var from = new ZipArchive(zip, ZipArchiveMode.Read))
            using (var to = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            {
                foreach (var entry in from.Entries.OrderBy(e => e.FullName, StringComparer.Ordinal))
                {
                    var copy = to.CreateEntry(entry.FullName, CompressionLevel.Optimal);
                    copy.LastWriteTime = EntryTime;
                    using var source = entry.Open();
                    using var target = copy.Open();
                    source.CopyTo(target);
                }
            }
            return stream.ToArray();
        }
    }

    private sealed class Row
    {
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }
}
