using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.Embedded.Tests.Fuzz;

/// <summary>Sends wrong requests over one connection after the other, and waits a moment for what the server does.</summary>
internal sealed class Attacker(int port, IReadOnlyList<byte[]> requests, Random random)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(40);

    private readonly byte[] _buffer = new byte[64 * 1024];

    public int Answers { get; private set; }

    public int Closed { get; private set; }

    /// <summary>Neither answered nor closed at once: a long poll, or a frame that claims more than was sent.</summary>
    public int Silent { get; private set; }

    public async Task RunAsync(int cases)
    {
        Socket? socket = null;
        for (var i = 0; i < cases; i++)
        {
            socket ??= await ConnectAsync();
            if (!await AttackAsync(socket, Mutation.Apply(requests[random.Next(requests.Count)], random)))
            {
                if (random.Next(2) == 0)
                    socket.LingerState = new LingerOption(true, 0); // a reset instead of a goodbye
                socket.Dispose();
                socket = null;
            }
        }

        socket?.Dispose();
    }

    /// <returns>Whether the connection can be used again.</returns>
    private async Task<bool> AttackAsync(Socket socket, byte[] frame)
    {
        try
        {
            var split = random.Next(4) == 0 ? random.Next(frame.Length) : 0; // in two pieces
            if (split > 0)
            {
                await socket.SendAsync(frame.AsMemory(0, split));
                await Task.Yield();
            }

            await socket.SendAsync(frame.AsMemory(split));
            using var patience = new CancellationTokenSource(Moment);
            if (await socket.ReceiveAsync(_buffer, patience.Token) > 0)
            {
                Answers++;
                return true;
            }

            Closed++;
        }
        catch (SocketException)
        {
            Closed++;
        }
        catch (OperationCanceledException)
        {
            Silent++;
        }

        return false;
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return socket;
    }
}
