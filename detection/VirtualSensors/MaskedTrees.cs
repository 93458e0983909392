using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Microsoft.ML.Trainers.FastTree;

namespace Kappa.Iot.Detection;

/// <summary>
/// The trees of <see cref="CompiledTrees"/> for many rows at once, with the same sums in the same order. Nothing is walked: every split is
/// compared, for eight rows by one instruction, and strikes the leaves that a row cannot reach which goes right; the first that is left is
/// the row's. (QuickScorer, Lucchese and others, SIGIR 2015, and its form for vectors, 2016.)
/// </summary>
internal sealed class MaskedTrees
{
    private const int MostLeaves = 32, Lanes = 8;
    private const uint FirstLeaf = 1u << (MostLeaves - 1);

    // Tree after tree, each from left to right.
    private readonly Split[] _splits;
    private readonly double[] _leaves;
    // Where each tree's splits end, and where its leaves begin.
    private readonly int[] _ends, _first;
    private readonly double _bias;

    private MaskedTrees(RegressionTreeEnsemble ensemble)
    {
        _bias = ensemble.Bias;
        _ends = new int[ensemble.Trees.Count];
        _first = new int[ensemble.Trees.Count];
        var splits = new List<Split>();
        var leaves = new List<double>();
        for (var t = 0; t < _ends.Length; t++)
        {
            var tree = ensemble.Trees[t];
            _first[t] = leaves.Count;
            Place(tree, ensemble.TreeWeights[t], tree.NumberOfNodes == 0 ? -1 : 0, leaves.Count, splits, leaves);
            _ends[t] = splits.Count;
        }
        _splits = [.. splits];
        _leaves = [.. leaves];
    }

    /// <summary>The form for many rows; null where the machine compares no eight numbers at once, or a tree has too many leaves.</summary>
    /// <param name="ensemble">Trees with numerical splits only.</param>
    public static MaskedTrees? Of(RegressionTreeEnsemble ensemble) =>
        Vector256.IsHardwareAccelerated && ensemble.Trees.All(tree => tree.NumberOfNodes < MostLeaves) ? new MaskedTrees(ensemble) : null;

    /// <summary>The prediction for each row.</summary>
    /// <param name="rows">At least as wide as the trees ask for.</param>
    /// <param name="into">Room for a value a row.</param>
    public void Evaluate(SideBySide rows, Span<float> into)
    {
        ref var cells = ref MemoryMarshal.GetReference(rows.Cells);
        Span<double> sums = stackalloc double[SideBySide.Rows];
        Span<uint> alive = stackalloc uint[SideBySide.Rows];
        ref var reached = ref MemoryMarshal.GetReference(alive);
        var from = 0;
        for (var t = 0; t < _ends.Length; t++)
        {
            Vector256<uint> a = Vector256<uint>.AllBitsSet, b = a;
            foreach (ref readonly var split in _splits.AsSpan(from, _ends[t] - from))
            {
                var threshold = Vector256.Create(split.Threshold);
                var keep = Vector256.Create(split.Keep);
                a = Vector256.ConditionalSelect(Vector256.GreaterThan(Vector256.LoadUnsafe(ref cells, split.Cell), threshold).AsUInt32(), a & keep, a);
                b = Vector256.ConditionalSelect(Vector256.GreaterThan(Vector256.LoadUnsafe(ref cells, split.Cell + Lanes), threshold).AsUInt32(), b & keep, b);
            }
            from = _ends[t];
            a.StoreUnsafe(ref reached);
            b.StoreUnsafe(ref reached, Lanes);
            var leaves = _leaves.AsSpan(_first[t]);
            for (var row = 0; row < SideBySide.Rows; row++) sums[row] += leaves[BitOperations.LeadingZeroCount(alive[row])];
        }
        for (var row = 0; row < SideBySide.Rows; row++) into[row] = (float)(sums[row] + _bias);
    }

    /// <summary>Lays out what is below a place, from left to right; the leaves below it follow each other.</summary>
    private static void Place(RegressionTreeBase tree, double weight, int from, int first, List<Split> splits, List<double> leaves)
    {
        if (from < 0)
        {
            leaves.Add(weight * tree.LeafValues[~from]);
            return;
        }
        var (at, begin) = (splits.Count, leaves.Count - first);
        splits.Add(default);
        Place(tree, weight, tree.LeftChild[from], first, splits, leaves);
        var left = 0u;
        for (var leaf = begin; leaf < leaves.Count - first; leaf++) left |= FirstLeaf >> leaf;
        splits[at] = new Split(tree.NumericalSplitThresholds[from], (uint)(tree.NumericalSplitFeatureIndexes[from] * SideBySide.Rows), ~left);
        Place(tree, weight, tree.RightChild[from], first, splits, leaves);
    }

    /// <param name="Threshold">What is more goes right.</param>
    /// <param name="Cell">Where the feature is of the first row.</param>
    /// <param name="Keep">The leaves that can be reached by going right, and those that the split says nothing of.</param>
    private readonly record struct Split(float Threshold, uint Cell, uint Keep);
}
