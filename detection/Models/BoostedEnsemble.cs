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
        if (transformer is not ISingleFeaturePredictionTransformer<object> { Model: { } model }) return null;
        if (model is CalibratedModelParametersBase calibrated) model = calibrated.SubModel;
        return model is TreeEnsembleModelParametersBasedOnRegressionTree trees ? trees.TrainedTreeEnsemble : null;
    }
}
