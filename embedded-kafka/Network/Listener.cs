using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded.Network;

/// <summary>Accepts clients, at most as many as configured, and closes those that have gone quiet.</summary>
internal sealed partial class Listener : IAsyncDisposable
{
    /// <summary>
    /// Bytes, for clients on this machine. The system would let it grow to megabytes. Of a few sizes tried on a busy machine this one gave the most
    /// records of 1 kB a second; at 100 B none made a difference beyond chance.
    /// </summary>
    private const int LocalSendBufferSize = 256 * 1024;

    private readonly Broker _broker;
    private readonly ILogger _logger;
    private readonly Socket _socket;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Connection, Task> _connections = new();
    private Task _running = Task.CompletedTask;

    private Listener(Broker broker, Socket socket)
    {
        _broker = broker;
        _logger = broker.Options.Logger;
        _socket = socket;
    }

    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<Listener> BindAsync(Broker broker, string host, int port, CancellationToken cancel)
    {
        Socket? socket = null;
        try
        {
            var address = IPAddress.TryParse(host, out var literal) ? literal : (await Dns.GetHostAddressesAsync(host, cancel))[0];
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (OperatingSystem.IsWindows())
                socket.ExclusiveAddressUse = true;
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(512);
            return new Listener(broker, socket);
        }
        catch (SocketException e)
        {
            socket?.Dispose();
            throw new IOException($"Cannot listen on {host}:{port}: {e.Message}. Choose another address with --host or --port.", e);
        }
    }

    public void Start()
    {
        if (!_broker.Users.Required && !IPAddress.IsLoopback(((IPEndPoint)_socket.LocalEndPoint!).Address))
            LogOpenToAll(_socket.LocalEndPoint);
        _running = Task.WhenAll(AcceptAsync(), CloseIdleAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket.Dispose();
        await _running;
        await Task.WhenAll(_connections.Values);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _socket.AcceptAsync(_stop.Token);
                if (_connections.Count >= _broker.Options.MaxConnections)
                {
                    LogTooMany(_broker.Options.MaxConnections);
                    socket.Dispose();
                    continue;
                }

                Serve(socket);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e)
            {
                // Out of file handles, or a client that was gone before it was accepted: the next one may have more luck.
                LogAcceptFailed(e.Message);
                await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
            }
        }
    }

    private void Serve(Socket socket)
    {
        socket.NoDelay = true;
        var address = socket.RemoteEndPoint as IPEndPoint;
        if (address is not null && IPAddress.IsLoopback(address.Address))
            socket.SendBufferSize = LocalSendBufferSize;
        var client = address?.ToString() ?? "unknown";
        var connection = new Connection(socket, _broker, client, _stop.Token);
        var started = new TaskCompletionSource();
        _connections[connection] = RunAsync();
        started.SetResult();

        async Task RunAsync()
        {
            await started.Task.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await connection.RunAsync();
            _connections.TryRemove(connection, out _);
            connection.Dispose();
        }
    }

    private async Task CloseIdleAsync()
    {
        var options = _broker.Options;
        using var timer = new PeriodicTimer(TimeSpan.FromTicks(Math.Min(options.MaxIdle.Ticks, options.MaxStall.Ticks) / 3), options.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                foreach (var connection in _connections.Keys.Where(c => c.IsStale(options.MaxIdle, options.MaxStall)))
                    connection.Abort();
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }
}
