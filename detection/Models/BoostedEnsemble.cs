using Microsoft.ML;
using Microsoft.ML.Calibrators;
using Microsoft.ML.Trainers.FastTree;

namespace Kappa.Iot.Detection;

/// <summary>Finds the trees in a transformer of ML.NET.</summary>
internal static class BoostedEnsemble
{
    /// <summary>The trees of a regression or of a (calibrated) binary classification; null where it is something else.</summary>
    public static RegressionTreeEnsemble? Of(ITransformer transformer)
    {
        // A single transformer is saved as it is or as a chain of one.
        var last = transformer is IEnumerable<ITransformer> chain ? chain.Last() : transformer;
        if (last is not ISingleFeaturePredictionTransformer<object> { Model: { } model }) return null;
        if (model is CalibratedModelParametersBase calibrated) model = calibrated.SubModel;
        return model is TreeEnsembleModelParametersBasedOnRegressionTree trees ? trees.TrainedTreeEnsemble : null;
    }
}
