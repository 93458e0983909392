using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Security;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Embedded.Network;

/// <summary>
/// One client. Its requests are answered one after the other, as Kafka does: what a client has sent and nobody has answered stays in
/// the socket, so a fast client cannot fill this server's memory.
/// </summary>
internal sealed partial class Connection(Socket socket, Broker broker, string client, CancellationToken stopping) : IDisposable
{
    /// <summary>Bytes; who has not logged in yet has nothing longer to say.</summary>
    private const int MaxLoginSize = 64 * 1024;

    /// <summary>Answers are sent in pieces of so many bytes, each of which the client has to take in time.</summary>
    private const int SendSize = 256 * 1024;

    /// <summary>A large request may take so many times as long as any pause within it.</summary>
    private const int MaxStalls = 4;

    private readonly CancellationTokenSource _aborted = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private readonly ILogger _logger = broker.Options.Logger;
    private readonly SaslSession _sasl = new(broker.Users);
    private FrameReader? _frames;
    private long _lastActive = broker.Options.Time.GetTimestamp();
    private int _doing;

    private enum Doing
    {
        Connecting,
        Reading,
        Answering,
        Sending,
    }

    /// <summary>
    /// Whether the client has been silent for too long: between requests, or (much shorter) in the middle of its login, of sending a request or
    /// of taking an answer. A client that waits for its answer may be silent, as long as it is there.
    /// </summary>
    public bool IsStale(TimeSpan maxIdle, TimeSpan maxStall)
    {
        var active = Interlocked.Read(ref _lastActive);
        var silent = broker.Options.Time.GetElapsedTime(active);
        return (Doing)Volatile.Read(ref _doing) switch
        {
            Doing.Answering => IsGone() && Interlocked.Read(ref _lastActive) == active,
            Doing.Reading when _sasl.IsOpen && _frames is { IsInside: false } => silent > maxIdle,
            Doing.Reading when _frames is { } frames && frames.Arriving > MaxStalls * maxStall => true,
            _ => silent > maxStall,
        };
    }

    /// <summary>Serves the client until it goes, misbehaves, or the server stops.</summary>
    public async Task RunAsync()
    {
        try
        {
            await using var stream = await OpenAsync();
            using var frames = _frames = new FrameReader(stream, socket, broker.Memory, broker.Options.Time, Progress) { MaxSize = Math.Min(MaxLoginSize, broker.Options.MaxRequestSize) };
            var sender = new RangeSender(stream, broker.Tls is null ? socket : null, Progress);
            using var call = new Call(broker, client, _sasl, _aborted.Token);
            do
            {
                if (_sasl.IsOpen)
                    frames.MaxSize = broker.Options.MaxRequestSize;
                Now(Doing.Reading);
                if (await frames.ReadAsync(_aborted.Token) is not { } frame)
                    return;
                Now(Doing.Answering);
                if (!await AnswerAsync(call, frame))
                    return;
                Now(Doing.Sending);
                if (!call.NoResponse)
                    await SendAsync(stream, sender, call.Response);
                call.Reset();
            }
            while (!_sasl.Failed);
            LogLoginFailed(client, _sasl.User);
        }
        catch (Exception e) when (e is MalformedRequestException or AuthenticationException)
        {
            LogMalformed(client, e.Message);
        }
        catch (MemoryBudgetException e)
        {
            LogNoMemory(client, e.Message);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
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

    public void Dispose()
    {
        socket.Dispose();
        _aborted.Dispose();
    }

    private async Task<Stream> OpenAsync()
    {
        var plain = new NetworkStream(socket, ownsSocket: false);
        if (broker.Tls is null)
            return plain;

        var tls = new SslStream(plain);
        try
        {
            await tls.AuthenticateAsServerAsync(broker.Tls, _aborted.Token);
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Whether the client has closed its side. While a request of it waits (a long poll, a group that is not complete), nobody reads from the
    /// socket and nobody would notice.
    /// </summary>
    private bool IsGone()
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

    private void Now(Doing doing)
    {
        Progress();
        Volatile.Write(ref _doing, (int)doing);
    }

    private void Progress() => Interlocked.Exchange(ref _lastActive, broker.Options.Time.GetTimestamp());

    private async ValueTask SendAsync(Stream stream, RangeSender sender, ResponseWriter response)
    {
        var sent = 0;
        foreach (var (at, range) in response.Ranges)
        {
            await SendAsync(stream, response.Written[sent..at]);
            await sender.SendAsync(range, _aborted.Token);
            sent = at;
        }

        await SendAsync(stream, response.Written[sent..]);
    }

    private async ValueTask SendAsync(Stream stream, ReadOnlyMemory<byte> answer)
    {
        for (; !answer.IsEmpty; answer = answer[Math.Min(SendSize, answer.Length)..])
        {
            await stream.WriteAsync(answer[..Math.Min(SendSize, answer.Length)], _aborted.Token);
            Progress();
        }
    }

    /// <returns>False where the connection has to be closed.</returns>
    private async ValueTask<bool> AnswerAsync(Call call, Memory<byte> frame)
    {
        var (request, response) = (call.Request, call.Response);
        if (_sasl.ExpectsBareToken)
        {
            var (error, _, token) = _sasl.Continue(frame.Span);
            response.Bytes(token);
            return error == ErrorCode.None;
        }

        request.Reset(frame);
        var key = request.Int16();
        var version = request.Int16();
        var correlationId = request.Int32();
        if (ApiTable.Find(key) is not { } api)
        {
            LogUnsupported(client, key, version);
            return false;
        }

        if (!_sasl.Allows(api.Key))
        {
            LogNoLogin(client, api.Key);
            return false;
        }

        response.Int32(0);
        response.Int32(correlationId);
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
            if (call.ClientId.Length > GroupCoordinator.MaxNameLength)
                throw new MalformedRequestException($"Its client id has {call.ClientId.Length} characters; at most {GroupCoordinator.MaxNameLength} are allowed.");
            request.Flexible = api.IsFlexible(version);
            request.Tags();
            response.Flexible = request.Flexible;
            if (api.Key != ApiKey.ApiVersions)
                response.Tags();
        }

        try
        {
            await api.Handle(call);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Of our disk: a handler does not touch the socket.
            LogFailed(e, client);
            return false;
        }

        response.Int32At(0, response.Size - 4);
        return true;
    }
}
