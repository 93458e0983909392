using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Kappa.Iot.Embedded.Log;
using Microsoft.Win32.SafeHandles;

namespace Kappa.Iot.Embedded.Network;

/// <summary>
/// Sends batches from their file. On Linux the kernel takes them straight from its cache, as much as the socket holds; a piece of them goes
/// through this process only where the client has to be waited for. Elsewhere, and with TLS, all do, in pieces that stay in the processor's cache.
/// </summary>
/// <param name="stream">To the client.</param>
/// <param name="socket">Under the stream; null where the stream encrypts.</param>
/// <param name="progressed">Called whenever the client has taken something.</param>
internal sealed partial class RangeSender(Stream stream, Socket? socket, Action progressed)
{
    private const int PieceSize = 64 * 1024;

    private readonly Socket? _direct = OperatingSystem.IsLinux() ? socket : null;

    public async ValueTask SendAsync(LogRange range, CancellationToken cancel)
    {
        var piece = Array.Empty<byte>();
        try
        {
            for (var sent = 0; sent < range.Size;)
            {
                var taken = SendDirectly(range, sent);
                if (taken <= 0)
                {
                    // Whatever kept the kernel from it, waiting included, happens here too, and is reported as it is for any other bytes.
                    if (piece.Length == 0)
                        piece = ArrayPool<byte>.Shared.Rent(PieceSize);
                    taken = RandomAccess.Read(range.File, piece.AsSpan(0, Math.Min(PieceSize, range.Size - sent)), range.Position + sent);
                    if (taken == 0)
                        throw new IOException($"A segment ends at byte {range.Position + sent}, {range.Size - sent} bytes before the end of what was to be sent.");
                    await stream.WriteAsync(piece.AsMemory(0, taken), cancel);
                }

                sent += taken;
                progressed();
            }
        }
        finally
        {
            if (piece.Length > 0)
                ArrayPool<byte>.Shared.Return(piece);
        }
    }

    /// <returns>Bytes that the socket has taken; 0 or less for none.</returns>
    private int SendDirectly(in LogRange range, int sent)
    {
        if (_direct is null)
            return 0;
        long position = range.Position + sent;
        return (int)SendFile(_direct.SafeHandle, range.File, ref position, (nuint)(range.Size - sent));
    }

    [LibraryImport("libc", EntryPoint = "sendfile64")]
    private static partial nint SendFile(SafeSocketHandle socket, SafeFileHandle file, ref long position, nuint count);
}
