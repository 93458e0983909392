using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>What happens to a request on its way.</summary>
public enum Fault
{
    None,

    /// <summary>The connection breaks before the server has seen the request.</summary>
    LoseRequest,

    /// <summary>The server has answered, and the connection breaks before the client hears of it.</summary>
    LoseAnswer,
}

/// <summary>Stands between clients and a server, passes on whole requests and answers, and loses those that <see cref="Decide"/> picks.</summary>
public sealed class FlakyProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, bool> _connections = new();
    private readonly Task _accepting;
    private int _faults;

    public FlakyProxy()
    {
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>The port of the server behind; set before the first client connects.</summary>
    public int Backend { get; set; }

    /// <summary>Says by its API key what becomes of a request.</summary>
    public Func<short, Fault> Decide { get; set; } = static _ => Fault.None;

    public int Faults => Volatile.Read(ref _faults);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_connections.Keys);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                var connection = ServeAsync(client);
                _connections[connection] = true;
                _ = connection.ContinueWith(c => _connections.TryRemove(c, out var _), TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        using (client)
        {
            client.NoDelay = true;
            using var cut = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, Backend, cut.Token);
                var lost = new ConcurrentQueue<bool>();
                var requests = RequestsAsync(client.GetStream(), server.GetStream(), lost, cut.Token);
                var answers = AnswersAsync(server.GetStream(), client.GetStream(), lost, cut.Token);
                await Task.WhenAny(requests, answers);
                await cut.CancelAsync();
                await Task.WhenAll(requests, answers);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // One side is gone: the other side's connection goes too.
            }
        }
    }

    private async Task RequestsAsync(NetworkStream from, NetworkStream to, ConcurrentQueue<bool> lost, CancellationToken cancel)
    {
        while (await ReadFrameAsync(from, cancel) is { } frame)
        {
            var fault = Decide(BinaryPrimitives.ReadInt16BigEndian(frame.AsSpan(4)));
            if (fault != Fault.None)
                Interlocked.Increment(ref _faults);
            if (fault == Fault.LoseRequest)
                return;
            lost.Enqueue(fault == Fault.LoseAnswer);
            await to.WriteAsync(frame, cancel);
        }
    }

    private static async Task AnswersAsync(NetworkStream from, NetworkStream to, ConcurrentQueue<bool> lost, CancellationToken cancel)
    {
        // A server answers the requests of a connection in their order.
        while (await ReadFrameAsync(from, cancel) is { } frame)
        {
            if (lost.TryDequeue(out var lose) && lose)
                return;
            await to.WriteAsync(frame, cancel);
        }
    }

    private static async Task<byte[]?> ReadFrameAsync(NetworkStream stream, CancellationToken cancel)
    {
        var size = new byte[4];
        if (await stream.ReadAtLeastAsync(size, 4, throwOnEndOfStream: false, cancel) < 4)
            return null;
        var frame = new byte[4 + BinaryPrimitives.ReadInt32BigEndian(size)];
        size.CopyTo(frame, 0);
        await stream.ReadExactlyAsync(frame.AsMemory(4), cancel);
        return frame;
    }
}
