using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.ML.Trainers.FastTree;

namespace Kappa.Iot.Detection;

/// <summary>
/// A boosted ensemble of regression trees as flat arrays, evaluated without allocation. Gives exactly what ML.NET gives for the same
/// features: the same comparisons, the same sums in the same order.
/// </summary>
/// <remarks>
/// Eight trees are walked at once, and without branches: which way a step goes is hard to guess, so a processor would guess wrong at every
/// other node, and one tree's loads leave it idle. A leaf leads to itself, so that shallow trees wait for deep ones. A node is eight bytes,
/// so that a whole model stays near the processor.
/// </remarks>
public sealed class CompiledTrees
{
    private const int Lanes = 8;

    // Bits of a node's place that name its feature; the rest is the place of its first child.
    private const int FeatureBits = 11, MaxFeatures = 1 << FeatureBits, MaxNodes = 1 << (32 - FeatureBits);

    private readonly Node[] _nodes;
    // By node, times the tree's weight; of leaves only.
    private readonly double[] _values;
    private readonly uint[] _roots;
    private readonly int[] _depths;
    private readonly double _bias;
    private readonly int _width;
    private readonly MaskedTrees? _masked;

    /// <param name="ensemble">Trees with numerical splits only.</param>
    /// <exception cref="NotSupportedException">A tree has a categorical split, or there are more features or nodes than fit.</exception>
    public CompiledTrees(RegressionTreeEnsemble ensemble)
    {
        _bias = ensemble.Bias;
        _depths = new int[(ensemble.Trees.Count + Lanes - 1) / Lanes];
        // The first node is a leaf of nothing: what fills up the last group stays there.
        _roots = new uint[_depths.Length * Lanes];
        var nodes = new List<Node> { Leaf(0) };
        var values = new List<double> { 0 };
        for (var t = 0; t < ensemble.Trees.Count; t++)
        {
            var tree = ensemble.Trees[t];
            if (tree.CategoricalSplitFlags.Any(flag => flag)) throw new NotSupportedException($"Tree {t} has a categorical split.");
            if (tree.NumberOfNodes > 0) _width = Math.Max(_width, tree.NumericalSplitFeatureIndexes.Take(tree.NumberOfNodes).Max() + 1);
            _roots[t] = (uint)nodes.Count;
            nodes.Add(default);
            values.Add(0);
            // A negative place is a leaf, here as in ML.NET; a tree that is but a leaf starts there.
            var depth = Place(tree, ensemble.TreeWeights[t], tree.NumberOfNodes == 0 ? -1 : 0, nodes.Count - 1, nodes, values);
            _depths[t / Lanes] = Math.Max(_depths[t / Lanes], depth);
        }
        if (_width > MaxFeatures || nodes.Count > MaxNodes)
            throw new NotSupportedException($"The trees ask for {_width} features and have {nodes.Count} nodes; there may be {MaxFeatures} and {MaxNodes}.");
        _nodes = [.. nodes];
        _values = [.. values];
        _masked = MaskedTrees.Of(ensemble);
    }

    /// <summary>Whether many rows can be evaluated at once.</summary>
    internal bool TakesMany => _masked is not null;

    /// <summary>The prediction for one row.</summary>
    /// <param name="features">In the order the trees were trained with; no NaN.</param>
    /// <exception cref="ArgumentException">There are fewer features than the trees ask for.</exception>
    public float Evaluate(ReadOnlySpan<float> features)
    {
        if (features.Length < _width) throw new ArgumentException($"There are {features.Length} features; the trees ask for {_width}.", nameof(features));
        ref var nodes = ref MemoryMarshal.GetArrayDataReference(_nodes);
        ref var row = ref MemoryMarshal.GetReference(features);
        var output = 0.0;
        for (var group = 0; group < _depths.Length; group++)
        {
            var first = group * Lanes;
            var roots = _roots.AsSpan(first, Lanes);
            uint a = roots[0], b = roots[1], c = roots[2], d = roots[3], e = roots[4], f = roots[5], g = roots[6], h = roots[7];
            for (var level = _depths[group]; level > 0; level--)
            {
                a = Next(ref nodes, ref row, a);
                b = Next(ref nodes, ref row, b);
                c = Next(ref nodes, ref row, c);
                d = Next(ref nodes, ref row, d);
                e = Next(ref nodes, ref row, e);
                f = Next(ref nodes, ref row, f);
                g = Next(ref nodes, ref row, g);
                h = Next(ref nodes, ref row, h);
            }
            // In the order of the trees, as ML.NET adds; those that fill up the last group weigh nothing.
            output = output + _values[a] + _values[b] + _values[c] + _values[d] + _values[e] + _values[f] + _values[g] + _values[h];
        }
        return (float)(output + _bias);
    }

    /// <summary>The predictions for many rows: those that <see cref="Evaluate(ReadOnlySpan{float})"/> gives, bit for bit. Only where <see cref="TakesMany"/>.</summary>
    /// <param name="rows">As for one row.</param>
    /// <param name="into">Room for <see cref="SideBySide.Rows"/> values; those of rows that were not set mean nothing.</param>
    /// <exception cref="ArgumentException">There are fewer features than the trees ask for.</exception>
    internal void Evaluate(SideBySide rows, Span<float> into)
    {
        if (rows.Cells.Length < _width * SideBySide.Rows) throw new ArgumentException($"There are {rows.Cells.Length / SideBySide.Rows} features; the trees ask for {_width}.", nameof(rows));
        _masked!.Evaluate(rows, into);
    }

    // Places and features were checked when the trees were made and when the row was taken: no bounds are checked here.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Next(ref Node nodes, ref float row, uint at)
    {
        ref var node = ref Unsafe.Add(ref nodes, at);
        var way = node.Way;
        return (way >> FeatureBits) + (Unsafe.Add(ref row, way & (MaxFeatures - 1)) > node.Threshold ? 1u : 0);
    }

    /// <summary>Lays out a node and all below it, two children beside each other; returns how deep it goes.</summary>
    private static int Place(RegressionTreeBase tree, double weight, int from, int at, List<Node> nodes, List<double> values)
    {
        if (from < 0)
        {
            nodes[at] = Leaf(at);
            values[at] = weight * tree.LeafValues[~from];
            return 0;
        }
        var child = nodes.Count;
        nodes[at] = new Node(tree.NumericalSplitThresholds[from], (uint)child << FeatureBits | (uint)tree.NumericalSplitFeatureIndexes[from]);
        for (var i = 0; i < 2; i++)
        {
            nodes.Add(default);
            values.Add(0);
        }
        var left = Place(tree, weight, tree.LeftChild[from], child, nodes, values);
        var right = Place(tree, weight, tree.RightChild[from], child + 1, nodes, values);
        return 1 + Math.Max(left, right);
    }

    /// <summary>Nothing is more than infinity: a leaf leads to itself.</summary>
    private static Node Leaf(int at) => new(float.PositiveInfinity, (uint)at << FeatureBits);

    private readonly record struct Node(float Threshold, uint Way);
}
