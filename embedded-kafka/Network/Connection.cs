using System.Net.Sockets;
using Kappa.Iot.Embedded.Protocol;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded.Network;

/// <summary>
/// One client. Its requests are answered one after the other, as Kafka does: what a client has sent and nobody has answered stays in
/// the socket, so a fast client cannot fill this server's memory.
/// </summary>
internal sealed partial class Connection(Socket socket, Broker broker, string client, CancellationToken stopping) : IDisposable
{
    private readonly CancellationTokenSource _aborted = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private readonly ILogger _logger = broker.Options.Logger;
    private long _lastActive = broker.Options.Time.GetTimestamp();
    private int _busy;

    /// <summary>Whether the client has been silent for longer than <paramref name="maxIdle"/> and is owed no answer.</summary>
    public bool IsIdle(TimeSpan maxIdle) =>
        Volatile.Read(ref _busy) == 0 && broker.Options.Time.GetElapsedTime(Interlocked.Read(ref _lastActive)) > maxIdle;

    /// <summary>Serves the client until it goes, misbehaves, or the server stops.</summary>
    public async Task RunAsync()
    {
        using var frames = new FrameReader(socket, broker.Options.MaxRequestSize);
        using var call = new Call(broker, client, _aborted.Token);
        try
        {
            while (await frames.ReadAsync(_aborted.Token) is { } frame)
            {
                Volatile.Write(ref _busy, 1);
                if (!await AnswerAsync(call, frame))
                    return;
                Interlocked.Exchange(ref _lastActive, broker.Options.Time.GetTimestamp());
                Volatile.Write(ref _busy, 0);
            }
        }
        catch (MalformedRequestException e)
        {
            LogMalformed(client, e.Message);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            LogClosed(client, e.Message);
        }
        catch (Exception e)
        {
            // A fault of ours costs this client its connection, and nobody else anything.
            LogFailed(e, client);
        }
        finally
        {
            socket.Dispose();
        }
    }

    public void Abort()
    {
        try
        {
            _aborted.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended by itself meanwhile.
        }
    }

    /// <summary>
    /// Whether the client has closed its side. While a request of it waits (a long poll, a group that is not complete), nobody reads from the
    /// socket and nobody would notice.
    /// </summary>
    public bool IsAbandoned()
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false; // it is ending by itself
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        _aborted.Dispose();
    }

    /// <returns>False where the connection has to be closed.</returns>
    private async ValueTask<bool> AnswerAsync(Call call, Memory<byte> frame)
    {
        var request = call.Request;
        request.Reset(frame);
        var key = request.Int16();
        var version = request.Int16();
        var correlationId = request.Int32();
        if (ApiTable.Find(key) is not { } api)
        {
            LogUnsupported(client, key, version);
            return false;
        }

        var response = call.Response;
        response.Reset();
        response.Int32(0);
        response.Int32(correlationId);
        call.NoResponse = false;
        if (!api.Supports(version))
        {
            LogUnsupported(client, key, version);
            if (api.Key != ApiKey.ApiVersions)
                return false;

            // The one request that is answered in a version that was not asked for: the client then knows what to ask.
            call.Version = -1;
        }
        else
        {
            call.Version = version;
            call.ClientId = request.HeaderString() ?? "";
            request.Flexible = api.IsFlexible(version);
            request.Tags();
            response.Flexible = request.Flexible;
            if (api.Key != ApiKey.ApiVersions)
                response.Tags();
        }

        await api.Handle(call);
        if (call.NoResponse)
            return true;

        response.Int32At(0, response.Length - 4);
        for (var rest = response.Written; !rest.IsEmpty;)
            rest = rest[await socket.SendAsync(rest, call.Aborted)..];
        return true;
    }
}
