using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.Embedded.Tests.Fuzz;

/// <summary>Stands between clients and a server, and keeps some of the requests of every kind and version.</summary>
internal sealed class RecordingProxy : IAsyncDisposable
{
    private const int KeptOfAKind = 8;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _running = [];
    private readonly ConcurrentDictionary<(short Api, short Version), ConcurrentQueue<byte[]>> _requests = new();
    private Task _accepting = Task.CompletedTask;

    public RecordingProxy() => _listener.Start();

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Whole frames, length included, by kind and version.</summary>
    public IReadOnlyDictionary<(short Api, short Version), byte[][]> Requests => _requests.ToDictionary(r => r.Key, r => r.Value.ToArray());

    public void Start(int serverPort) => _accepting = AcceptAsync(serverPort);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_running);
        _stop.Dispose();
    }

    private async Task AcceptAsync(int serverPort)
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                var server = new TcpClient();
                await server.ConnectAsync(IPAddress.Loopback, serverPort, _stop.Token);
                _running.Add(RunAsync(client, server));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task RunAsync(TcpClient client, TcpClient server)
    {
        using (client)
        using (server)
        {
            client.NoDelay = server.NoDelay = true;
            try
            {
                await await Task.WhenAny(ForwardAsync(client.GetStream(), server.GetStream()), server.GetStream().CopyToAsync(client.GetStream(), _stop.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // One of the two has gone.
            }
        }
    }

    private async Task ForwardAsync(NetworkStream client, NetworkStream server)
    {
        var size = new byte[4];
        while (await client.ReadAtLeastAsync(size, 4, throwOnEndOfStream: false, _stop.Token) == 4)
        {
            var frame = new byte[4 + BinaryPrimitives.ReadInt32BigEndian(size)];
            size.CopyTo(frame, 0);
            await client.ReadExactlyAsync(frame.AsMemory(4), _stop.Token);
            var kept = _requests.GetOrAdd((BinaryPrimitives.ReadInt16BigEndian(frame.AsSpan(4)), BinaryPrimitives.ReadInt16BigEndian(frame.AsSpan(6))), _ => new());
            if (kept.Count < KeptOfAKind)
                kept.Enqueue(frame);
            await server.WriteAsync(frame, _stop.Token);
        }
    }
}
