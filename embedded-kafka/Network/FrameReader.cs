using System.Buffers.Binary;
using System.Net.Sockets;
using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Network;

/// <summary>
/// Cuts a connection's bytes into requests. The buffer grows with the bytes that really arrive, not with the size that a client claims.
/// </summary>
internal sealed class FrameReader(Stream stream, Socket socket, MemoryBudget budget, TimeProvider time, Action progressed) : IDisposable
{
    private readonly PooledBuffer _buffer = new(budget);
    private int _start;
    private int _end;
    private long _begun;

    /// <summary>Bytes; a larger request ends the connection.</summary>
    public int MaxSize { get; set; }

    /// <summary>Whether a request has begun to arrive.</summary>
    public bool IsInside => Volatile.Read(ref _end) > Volatile.Read(ref _start);

    /// <summary>How long a request has been arriving that takes a share of the memory for all; zero where none does.</summary>
    public TimeSpan Arriving => IsInside && _buffer.Size > PooledBuffer.Free ? time.GetElapsedTime(Interlocked.Read(ref _begun)) : TimeSpan.Zero;

    /// <summary>The next request without its length, valid until the next call; null when the client has closed the connection.</summary>
    /// <exception cref="MalformedRequestException">The length is negative or too large.</exception>
    public async ValueTask<Memory<byte>?> ReadAsync(CancellationToken cancel)
    {
        Interlocked.Exchange(ref _begun, time.GetTimestamp());
        if (_start == _end)
        {
            _start = _end = 0;
            // A client that is quiet now does not keep a large buffer.
            if (_buffer.Size > PooledBuffer.Free && socket.Available == 0)
                _buffer.Shrink();
        }

        if (!await FillAsync(4, cancel))
            return null;

        var size = BinaryPrimitives.ReadInt32BigEndian(_buffer.Array.AsSpan(_start));
        if (size < 0 || size > MaxSize)
            throw new MalformedRequestException($"A request claims {size} bytes; at most {MaxSize} are allowed.");
        if (!await FillAsync(4 + size, cancel))
            return null;

        var frame = _buffer.Array.AsMemory(_start + 4, size);
        _start += 4 + size;
        return frame;
    }

    public void Dispose() => _buffer.Dispose();

    private async ValueTask<bool> FillAsync(int count, CancellationToken cancel)
    {
        while (_end - _start < count)
        {
            await MakeRoomAsync(count, cancel);
            var read = await stream.ReadAsync(_buffer.Array.AsMemory(_end), cancel);
            if (read == 0)
                return false;
            if (_start == _end)
                Interlocked.Exchange(ref _begun, time.GetTimestamp());
            _end += read;
            progressed();
        }

        return true;
    }

    private async ValueTask MakeRoomAsync(int count, CancellationToken cancel)
    {
        if (_end < _buffer.Size && _start + count <= _buffer.Size)
            return;

        var held = _end - _start;
        if (count <= _buffer.Size)
        {
            _buffer.Array.AsSpan(_start, held).CopyTo(_buffer.Array);
        }
        else if (_end < _buffer.Size)
        {
            // It will not fit, but there is room for some more of it first.
            return;
        }
        else
        {
            await _buffer.GrowAsync((int)Math.Min(count, Math.Max(PooledBuffer.Free, 4L * held)), _start, held, cancel);
        }

        _start = 0;
        _end = held;
    }
}
