using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Network;

/// <summary>
/// Cuts a socket's bytes into requests. The buffer grows with the bytes that really arrive, not with the size that a client claims.
/// </summary>
internal sealed class FrameReader(Socket socket, int maxSize) : IDisposable
{
    private const int SmallSize = 64 * 1024;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(SmallSize);
    private int _start;
    private int _end;

    /// <summary>The next request without its length, valid until the next call; null when the client has closed the connection.</summary>
    /// <exception cref="MalformedRequestException">The length is negative or too large.</exception>
    public async ValueTask<Memory<byte>?> ReadAsync(CancellationToken cancel)
    {
        if (!await FillAsync(4, cancel))
            return null;

        var size = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start));
        if (size < 0 || size > maxSize)
            throw new MalformedRequestException($"A request claims {size} bytes; at most {maxSize} are allowed.");
        if (!await FillAsync(4 + size, cancel))
            return null;

        var frame = _buffer.AsMemory(_start + 4, size);
        _start += 4 + size;
        return frame;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private async ValueTask<bool> FillAsync(int count, CancellationToken cancel)
    {
        while (_end - _start < count)
        {
            MakeRoom(count);
            var read = await socket.ReceiveAsync(_buffer.AsMemory(_end), cancel);
            if (read == 0)
                return false;
            _end += read;
        }

        return true;
    }

    private void MakeRoom(int count)
    {
        if (_start == _end)
        {
            _start = _end = 0;
            if (_buffer.Length > 4 * SmallSize && count <= SmallSize)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = ArrayPool<byte>.Shared.Rent(SmallSize);
            }
        }

        if (_end < _buffer.Length && _start + count <= _buffer.Length)
            return;

        var held = _end - _start;
        var target = _buffer;
        if (held >= _buffer.Length / 2)
            target = ArrayPool<byte>.Shared.Rent((int)Math.Min(2L * _buffer.Length, maxSize + 4L));
        if (ReferenceEquals(target, _buffer) && _start == 0 && _end < _buffer.Length)
            return;
        _buffer.AsSpan(_start, held).CopyTo(target);
        if (!ReferenceEquals(target, _buffer))
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = target;
        _start = 0;
        _end = held;
    }
}
