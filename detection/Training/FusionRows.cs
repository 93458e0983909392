using System.Runtime.InteropServices;

namespace Kappa.Iot.Detection.Training;

/// <summary>What the classifiers learn from: features of steps, and which signals were disturbed in them.</summary>
internal sealed class FusionRows(int width)
{
    private readonly List<float> _features = [];
    private readonly List<ulong> _disturbed = [];
    private readonly List<int> _folds = [];

    public int Count => _disturbed.Count;

    public int Width => width;

    public Span<float> Features(int row) => CollectionsMarshal.AsSpan(_features).Slice(row * width, width);

    /// <summary>A bit a signal that is visibly disturbed.</summary>
    public ulong Disturbed(int row) => _disturbed[row];

    public int Fold(int row) => _folds[row];

    public void Add(ReadOnlySpan<float> features, ulong disturbed, int fold)
    {
        _features.AddRange(features);
        _disturbed.Add(disturbed);
        _folds.Add(fold);
    }

    public void AddRange(FusionRows other)
    {
        _features.AddRange(CollectionsMarshal.AsSpan(other._features));
        _disturbed.AddRange(other._disturbed);
        _folds.AddRange(other._folds);
    }
}
