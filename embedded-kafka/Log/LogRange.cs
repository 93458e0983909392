using Microsoft.Win32.SafeHandles;

namespace Kappa.Iot.Embedded.Log;

/// <summary>Whole batches of a segment that are to go to a client as they lie in the file. Until it is disposed, the file stays readable.</summary>
internal readonly struct LogRange : IDisposable
{
    private readonly Segment _segment;

    /// <exception cref="ObjectDisposedException">The segment is gone.</exception>
    public LogRange(Segment segment, long position, int size)
    {
        segment.Hold();
        (_segment, Position, Size) = (segment, position, size);
    }

    public long Position { get; }

    /// <summary>Bytes.</summary>
    public int Size { get; }

    public SafeFileHandle File => _segment.File;

    public void Dispose() => _segment.Release();
}
