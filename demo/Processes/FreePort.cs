using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.Demo.Processes;

internal static class FreePort
{
    /// <summary>
    /// Ports of 127.0.0.1 that nothing listened on a moment ago, all different. They lie below those that systems give to outgoing
    /// connections (from 32768 on Linux, from 49152 elsewhere): a service that is started again finds its port still free.
    /// </summary>
    public static int[] Find(int count)
    {
        const int first = 10_000, available = 22_000;
        var start = Random.Shared.Next(available);
        return [.. Enumerable.Range(0, available).Select(i => first + (start + i) % available).Where(IsFree).Take(count)];
    }

    public static bool IsFree(int port)
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
