using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers.FastTree;
using Microsoft.ML.Trainers.LightGbm;

namespace Kappa.Iot.Detection.Training;

/// <summary>Trains boosted trees with ML.NET's LightGBM, so that the same rows and seed give the same trees.</summary>
internal static class BoostedTrees
{
    private const int Bins = 63;

    /// <summary>Reads a row: fills its features and returns its label.</summary>
    public delegate float RowReader(int row, Span<float> features);

    /// <summary>Trees that predict a number.</summary>
    public static Trained Regress(int rows, int width, RowReader read, TreeOptions options, int seed)
    {
        var ml = new MLContext(seed);
        var view = ml.Data.LoadFromEnumerable(NumberRows(rows, width, read), Schema(typeof(NumberRow), width));
        var trainer = ml.Regression.Trainers.LightGbm(new LightGbmRegressionTrainer.Options
        {
            NumberOfIterations = options.Trees,
            NumberOfLeaves = options.Leaves,
            MinimumExampleCountPerLeaf = Math.Clamp(rows / 100, 1, options.MinRowsPerLeaf),
            LearningRate = options.LearningRate,
            MaximumBinCountPerFeature = Bins,
            NumberOfThreads = 1,
            Deterministic = true,
            ForceColumnWise = true,
            HandleMissingValue = false,
            Seed = seed,
            Booster = Booster(options),
        });
        return Fit(ml, trainer, view);
    }

    /// <summary>Trees that tell rows whose label is 1 from those whose label is 0; their output is in logits.</summary>
    public static Trained Classify(int rows, int width, RowReader read, TreeOptions options, int seed)
    {
        var ml = new MLContext(seed);
        var view = ml.Data.LoadFromEnumerable(KindRows(rows, width, read), Schema(typeof(KindRow), width));
        var trainer = ml.BinaryClassification.Trainers.LightGbm(new LightGbmBinaryTrainer.Options
        {
            NumberOfIterations = options.Trees,
            NumberOfLeaves = options.Leaves,
            MinimumExampleCountPerLeaf = Math.Clamp(rows / 100, 1, options.MinRowsPerLeaf),
            LearningRate = options.LearningRate,
            MaximumBinCountPerFeature = Bins,
            NumberOfThreads = 1,
            Deterministic = true,
            ForceColumnWise = true,
            HandleMissingValue = false,
            Sigmoid = 1,
            Seed = seed,
            Booster = Booster(options),
        });
        return Fit(ml, trainer, view);
    }

    private static Trained Fit<T>(MLContext ml, IEstimator<T> trainer, IDataView view) where T : class, ITransformer
    {
        try
        {
            return new Trained(ml, trainer.Fit(view), view.Schema);
        }
        catch (Exception e) when (e is DllNotFoundException || e.InnerException is DllNotFoundException)
        {
            throw new TrainingException($"LightGBM's native library cannot be loaded. It needs a 64-bit x86 processor and, on Linux, OpenMP: apt-get install libgomp1. ({e.Message})", e);
        }
    }

    private static GradientBooster.Options Booster(TreeOptions options) => new()
    {
        MaximumTreeDepth = options.Depth,
        FeatureFraction = options.FeatureFraction,
        SubsampleFraction = options.RowFraction,
        SubsampleFrequency = options.RowFraction < 1 ? 1 : 0,
        L2Regularization = options.L2,
    };

    private static SchemaDefinition Schema(Type row, int width)
    {
        var schema = SchemaDefinition.Create(row);
        schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, width);
        return schema;
    }

    // One row object for all rows: ML.NET copies each before it asks for the next.
    private static IEnumerable<NumberRow> NumberRows(int rows, int width, RowReader read)
    {
        var row = new NumberRow { Features = new float[width] };
        for (var i = 0; i < rows; i++)
        {
            row.Label = read(i, row.Features);
            yield return row;
        }
    }

    private static IEnumerable<KindRow> KindRows(int rows, int width, RowReader read)
    {
        var row = new KindRow { Features = new float[width] };
        for (var i = 0; i < rows; i++)
        {
            row.Label = read(i, row.Features) > 0;
            yield return row;
        }
    }

    /// <summary>Fitted trees.</summary>
    public sealed class Trained(MLContext ml, ITransformer fitted, DataViewSchema schema)
    {
        private readonly RegressionTreeEnsemble _trees = BoostedEnsemble.Of(fitted) ?? throw new InvalidOperationException($"ML.NET gave a {fitted.GetType().Name} instead of trees.");

        public CompiledTrees Compile() => new(_trees);

        /// <summary>How much the splits on each feature gained, in all.</summary>
        public double[] Gains(int width)
        {
            var gains = new double[width];
            foreach (var tree in _trees.Trees)
            {
                for (var n = 0; n < tree.NumberOfNodes; n++) gains[tree.NumericalSplitFeatureIndexes[n]] += Math.Max(0, tree.SplitGains[n]);
            }
            return gains;
        }

        /// <summary>The model in ML.NET's own format.</summary>
        public byte[] Save() => SavedModel.Of(ml, fitted, schema);
    }

    private sealed class NumberRow
    {
        public float[] Features { get; set; } = [];

        public float Label { get; set; }
    }

    private sealed class KindRow
    {
        public float[] Features { get; set; } = [];

        public bool Label { get; set; }
    }
}
