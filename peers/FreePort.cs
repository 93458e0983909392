using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.Peers;

/// <summary>
/// Ports for servers that cannot be told to take any that is free, or that come back on the one they had. They lie below those that systems
/// give to outgoing connections (from 32768 on Linux, from 49152 elsewhere), one of which could otherwise have the port before the server does.
/// </summary>
public static class FreePort
{
    private const int First = 10_000;
    private const int Count = 22_000;
    private static int _taken = Random.Shared.Next(Count);

    /// <returns>A port of 127.0.0.1 that nobody had a moment ago, and that this process has not been given before.</returns>
    public static int Take()
    {
        for (var attempt = 0; attempt < Count; attempt++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _taken) % Count);
            if (IsFree(port)) return port;
        }
        throw new InvalidOperationException($"Something listens on every port of 127.0.0.1 from {First} to {First + Count - 1}.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
