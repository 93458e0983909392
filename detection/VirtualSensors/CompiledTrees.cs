using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.Trainers.FastTree;

namespace Kappa.Iot.Detection;

/// <summary>
/// A boosted ensemble of regression trees as flat arrays, evaluated without allocation. Gives exactly what ML.NET gives for the same
/// features: the same comparisons, the same sums in the same order.
/// </summary>
/// <remarks>
/// Four trees are walked at once, and without branches: which way a step goes is hard to guess, so a processor would guess wrong at every
/// other node, and one tree's loads leave it idle. A leaf leads to itself, so that shallow trees wait for deep ones.
/// </remarks>
public sealed class CompiledTrees
{
    private const int Lanes = 4;

    private readonly Node[] _nodes;
    // By node; of leaves only.
    private readonly double[] _values;
    private readonly int[] _roots;
    private readonly int[] _depths;
    private readonly double[] _weights;
    private readonly double _bias;
    private readonly int _trees;
    private readonly int _width;

    /// <param name="ensemble">Trees with numerical splits only.</param>
    /// <exception cref="NotSupportedException">A tree has a categorical split.</exception>
    public CompiledTrees(RegressionTreeEnsemble ensemble)
    {
        _trees = ensemble.Trees.Count;
        _bias = ensemble.Bias;
        var padded = (_trees + Lanes - 1) / Lanes * Lanes;
        _roots = new int[padded];
        _weights = new double[padded];
        _depths = new int[padded / Lanes];
        var nodes = new List<Node>();
        var values = new List<double>();
        for (var t = 0; t < _trees; t++)
        {
            var tree = ensemble.Trees[t];
            if (tree.CategoricalSplitFlags.Any(flag => flag)) throw new NotSupportedException($"Tree {t} has a categorical split.");
            _roots[t] = nodes.Count;
            _weights[t] = ensemble.TreeWeights[t];
            nodes.Add(default);
            values.Add(0);
            // A negative place is a leaf, here as in ML.NET; a tree that is but a leaf starts there.
            _depths[t / Lanes] = Math.Max(_depths[t / Lanes], Place(tree, tree.NumberOfNodes == 0 ? -1 : 0, _roots[t], nodes, values));
        }
        // Trees that fill up the last four are never counted; they must lead nowhere.
        for (var t = _trees; t < padded; t++) _roots[t] = _roots[_trees - 1];
        _nodes = [.. nodes];
        _values = [.. values];
        _width = _nodes.Length == 0 ? 0 : _nodes.Max(node => node.Feature) + 1;
    }

    /// <summary>The prediction for one row.</summary>
    /// <param name="features">In the order the trees were trained with; no NaN.</param>
    /// <exception cref="ArgumentException">There are fewer features than the trees ask for.</exception>
    public float Evaluate(ReadOnlySpan<float> features)
    {
        if (features.Length < _width) throw new ArgumentException($"There are {features.Length} features; the trees ask for {_width}.", nameof(features));
        ref var nodes = ref MemoryMarshal.GetArrayDataReference(_nodes);
        ref var row = ref MemoryMarshal.GetReference(features);
        var roots = _roots;
        var output = 0.0;
        for (var group = 0; group < _depths.Length; group++)
        {
            var first = group * Lanes;
            int a = roots[first], b = roots[first + 1], c = roots[first + 2], d = roots[first + 3];
            for (var level = _depths[group]; level > 0; level--)
            {
                a = Next(ref nodes, ref row, a);
                b = Next(ref nodes, ref row, b);
                c = Next(ref nodes, ref row, c);
                d = Next(ref nodes, ref row, d);
            }
            output += _weights[first] * _values[a];
            if (first + 1 < _trees) output += _weights[first + 1] * _values[b];
            if (first + 2 < _trees) output += _weights[first + 2] * _values[c];
            if (first + 3 < _trees) output += _weights[first + 3] * _values[d];
        }
        return (float)(output + _bias);
    }

    // Places and features were checked when the trees were made and when the row was taken: no bounds are checked here.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Next(ref Node nodes, ref float row, int at)
    {
        ref var node = ref Unsafe.Add(ref nodes, at);
        return node.Child + (Unsafe.Add(ref row, node.Feature) > node.Threshold ? 1 : 0);
    }

    /// <summary>Lays out a node and all below it, two children beside each other; returns how deep it goes.</summary>
    private static int Place(RegressionTreeBase tree, int from, int at, List<Node> nodes, List<double> values)
    {
        if (from < 0)
        {
            nodes[at] = new Node(float.PositiveInfinity, 0, at);
            values[at] = tree.LeafValues[~from];
            return 0;
        }
        var child = nodes.Count;
        nodes[at] = new Node(tree.NumericalSplitThresholds[from], tree.NumericalSplitFeatureIndexes[from], child);
        for (var i = 0; i < 2; i++)
        {
            nodes.Add(default);
            values.Add(0);
        }
        var left = Place(tree, tree.LeftChild[from], child, nodes, values);
        var right = Place(tree, tree.RightChild[from], child + 1, nodes, values);
        return 1 + Math.Max(left, right);
    }

    private readonly record struct Node(float Threshold, int Feature, int Child);
}
