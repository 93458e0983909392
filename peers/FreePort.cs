using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.Peers;

/// <summary>For servers that cannot be told to take any port that is free.</summary>
public static class FreePort
{
    /// <returns>A port of 127.0.0.1 that nobody had a moment ago.</returns>
    public static int Take()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
