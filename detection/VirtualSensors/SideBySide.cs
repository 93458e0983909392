using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kappa.Iot.Detection;

/// <summary>Rows of features beside each other, so that one feature of all rows is read at once.</summary>
internal readonly ref struct SideBySide
{
    /// <summary>How many rows there are; those that are not set are all 0.</summary>
    public const int Rows = 16;

    private const int CacheLine = 64 / sizeof(float);

    /// <param name="room">At least <see cref="Room"/>, all 0, on the stack.</param>
    /// <param name="width">Features of a row.</param>
    public SideBySide(Span<float> room, int width)
    {
        // A feature lies on one cache line: read from two it would cost twice as much.
        var ahead = (int)((ulong)Unsafe.ByteOffset(ref Unsafe.NullRef<float>(), ref MemoryMarshal.GetReference(room)) / sizeof(float) % CacheLine);
        Cells = room.Slice((CacheLine - ahead) % CacheLine, width * Rows);
    }

    /// <summary>By feature, then row.</summary>
    public Span<float> Cells { get; }

    /// <summary>Floats that rows of so many features need.</summary>
    public static int Room(int width) => width * Rows + CacheLine - 1;

    public void Set(int row, ReadOnlySpan<float> features)
    {
        for (var f = 0; f < features.Length; f++) Cells[f * Rows + row] = features[f];
    }
}
