using Microsoft.ML.Trainers.FastTree;

namespace Kappa.Iot.Detection;

/// <summary>
/// A boosted ensemble of regression trees as flat arrays, evaluated without allocation. Gives exactly what ML.NET gives for the same
/// features: the same comparisons, the same sums in the same order.
/// </summary>
public sealed class CompiledTrees
{
    private readonly Node[] _nodes;
    private readonly double[] _leaves;
    private readonly int[] _roots;
    private readonly double[] _weights;
    private readonly double _bias;

    /// <param name="ensemble">Trees with numerical splits only.</param>
    /// <exception cref="NotSupportedException">A tree has a categorical split.</exception>
    public CompiledTrees(RegressionTreeEnsemble ensemble)
    {
        var nodes = new List<Node>();
        var leaves = new List<double>();
        _roots = new int[ensemble.Trees.Count];
        _weights = [.. ensemble.TreeWeights];
        _bias = ensemble.Bias;
        for (var t = 0; t < _roots.Length; t++)
        {
            var tree = ensemble.Trees[t];
            if (tree.CategoricalSplitFlags.Any(flag => flag)) throw new NotSupportedException($"Tree {t} has a categorical split.");
            var firstNode = nodes.Count;
            var firstLeaf = leaves.Count;
            // A negative place is a leaf, here as in ML.NET; a tree that is but a leaf starts there.
            _roots[t] = tree.NumberOfNodes == 0 ? ~firstLeaf : firstNode;
            for (var n = 0; n < tree.NumberOfNodes; n++)
            {
                nodes.Add(new Node(
                    tree.NumericalSplitThresholds[n], tree.NumericalSplitFeatureIndexes[n],
                    Place(tree.LeftChild[n]), Place(tree.RightChild[n])));
            }
            leaves.AddRange(tree.LeafValues);

            int Place(int child) => child >= 0 ? firstNode + child : ~(firstLeaf + ~child);
        }
        _nodes = [.. nodes];
        _leaves = [.. leaves];
    }

    /// <summary>The prediction for one row.</summary>
    /// <param name="features">In the order the trees were trained with; no NaN.</param>
    public float Evaluate(ReadOnlySpan<float> features)
    {
        var nodes = _nodes;
        var output = 0.0;
        for (var t = 0; t < _roots.Length; t++)
        {
            var at = _roots[t];
            while (at >= 0)
            {
                ref readonly var node = ref nodes[at];
                at = features[node.Feature] <= node.Threshold ? node.Left : node.Right;
            }
            output += _weights[t] * _leaves[~at];
        }
        return (float)(output + _bias);
    }

    private readonly record struct Node(float Threshold, int Feature, int Left, int Right);
}
