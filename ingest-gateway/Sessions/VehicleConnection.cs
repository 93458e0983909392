using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Kappa.Iot.Contracts;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using MQTTnet.Adapter;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Kappa.Iot.IngestGateway;

/// <summary>
/// One vehicle's connection. It stands between the socket and the MQTT library: publishes go from here to the log and are acknowledged
/// from here; CONNECT, subscriptions and pings are the library's.
/// </summary>
internal sealed class VehicleConnection : IMqttChannelAdapter
{
    private const int MaxReason = 200;

    private static readonly Closing Gone = new(MqttDisconnectReasonCode.UnspecifiedError, null, EndsCleanly: false);

    private readonly ConnectionContext _connection;
    private readonly ConnectionServices _services;
    private readonly PipeWriter _output;
    private readonly PacketReader _reader;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Dictionary<ushort, string>? _aliases;
    private MqttConnectPacket? _connect;
    private VehicleSession? _session;
    private ReceivedIds? _received;
    private PublishPipeline? _publishes;
    private CancellationTokenRegistration _libraryStops;
    private Closing? _closing;
    private TimeSpan _keepAlive;
    private long _lastRead;
    private bool _isReading;
    private bool _outputEnded;
    private bool _left;
    private bool _disconnectSent;

    public VehicleConnection(ConnectionContext connection, MqttPacketFormatterAdapter formatter, ConnectionServices services)
    {
        _connection = connection;
        _services = services;
        _output = connection.Transport.Output;
        _reader = new PacketReader(connection.Transport.Input, formatter, services.MaxPacketSize);
        _lastRead = services.Time.GetTimestamp();
        PacketFormatterAdapter = formatter;
        connection.Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static state => ((VehicleConnection)state).CheckKeepAlive(), this);
    }

    public long BytesReceived => 0;

    public long BytesSent => 0;

    public X509Certificate2? ClientCertificate => _connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;

    public EndPoint? RemoteEndPoint => _connection.RemoteEndPoint;

    public EndPoint? LocalEndPoint => _connection.LocalEndPoint;

    public bool IsSecureConnection => _connection.Features.Get<ITlsConnectionFeature>() is not null;

    public MqttPacketFormatterAdapter PacketFormatterAdapter { get; }

    public bool SpeaksVersion5 => PacketFormatterAdapter.ProtocolVersion == MqttProtocolVersion.V500;

    /// <summary>Completes when nothing of the connection is left. Never faults.</summary>
    public Task Ended => _ended.Task;

    /// <summary>A reason string as the client wants it: short, or none.</summary>
    public string? ForClient(string? detail) =>
        _connect is not { RequestProblemInformation: true } || detail is null ? null : detail.Length <= MaxReason ? detail : detail[..MaxReason];

    /// <summary>Ends the session as soon as its reading comes to it. The first reason counts.</summary>
    public void Close(Closing closing)
    {
        if (Interlocked.CompareExchange(ref _closing, closing, null) is not null) return;
        _connection.Transport.Input.CancelPendingRead();
        _stopping.Cancel();
    }

    public Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The next packet that the library has to see; null where the session is over.</summary>
    public async Task<MqttPacket?> ReceivePacketAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await ReadAsync(cancellationToken);
            switch (read.Status)
            {
                case PacketReadStatus.Packet when read.Packet is { } packet:
                    if (await HandleAsync(packet, cancellationToken) is { } forLibrary) return forLibrary;
                    break;
                case PacketReadStatus.TooLarge when read.Oversized is { } oversized:
                    await HandleAsync(oversized, cancellationToken);
                    break;
                case PacketReadStatus.Malformed:
                    _services.Metrics.ConnectionRefused("malformed");
                    Close(new(MqttDisconnectReasonCode.MalformedPacket, read.Detail, EndsCleanly: false));
                    break;
                case PacketReadStatus.Ended:
                    return null;
            }

            if (Volatile.Read(ref _closing) is { } closing)
            {
                await SayGoodbyeAsync(closing, cancellationToken);
                return null;
            }
        }
    }

    /// <summary>Sends a packet, if the connection is still there. Safe to call from several threads.</summary>
    public async Task SendPacketAsync(MqttPacket packet, CancellationToken cancellationToken)
    {
        if (packet is MqttConnAckPacket answer) Answer(answer);
        if (packet is MqttDisconnectPacket && Interlocked.Exchange(ref _disconnectSent, true)) return;
        await _writing.WaitAsync(cancellationToken);
        try
        {
            if (_outputEnded) return;
            try
            {
                Write(PacketFormatterAdapter.Encode(packet));
            }
            finally
            {
                PacketFormatterAdapter.Cleanup();
            }

            if ((await _output.FlushAsync(CancellationToken.None)).IsCompleted) _outputEnded = true;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Ends the connection, once what is being written is written.</summary>
    public async Task DisconnectAsync(CancellationToken cancellationToken)
    {
        await _connection.Transport.Input.CompleteAsync();
        if (!await _writing.WaitAsync(TimeSpan.FromSeconds(5), CancellationToken.None))
        {
            _connection.Abort(new ConnectionAbortedException("The client does not read what it is sent."));
            await _writing.WaitAsync(CancellationToken.None);
        }

        _outputEnded = true;
        await _output.CompleteAsync();
        _writing.Release();
    }

    /// <summary>The vehicle is here.</summary>
    public void BeginSession() => _session ??= _services.Presence.Connected(_connect!.ClientId, VehicleSession.VinOf(_connect.ClientId)!);

    /// <summary>After the connection: the vehicle's presence follows.</summary>
    public void End()
    {
        var closing = Interlocked.CompareExchange(ref _closing, Gone, null);
        if (_publishes is not null) _services.Metrics.Disconnected();
        if (_received is not null) _services.ReceivedIds.Leave(_connect!.ClientId, _received);
        if (_session is not null)
        {
            var reason = _left || closing is { EndsCleanly: true } ? PresenceReason.Disconnected : PresenceReason.ConnectionLost;
            _services.Presence.Disconnected(_session, reason);
        }

        if (_connect?.ClientId is { } clientId) _services.Connections.Leave(clientId, this);
        _ended.SetResult();
    }

    public void ResetStatistics()
    {
    }

    public void Dispose()
    {
        _libraryStops.Dispose(); // not _stopping: another thread's Close may still cancel it
    }

    private async ValueTask<PacketRead> ReadAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _lastRead, _services.Time.GetTimestamp());
        Volatile.Write(ref _isReading, true);
        try
        {
            return await _reader.ReadAsync(cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _isReading, false);
        }
    }

    /// <returns>The packet, where it is for the library.</returns>
    private async ValueTask<MqttPacket?> HandleAsync(MqttPacket packet, CancellationToken cancellationToken)
    {
        switch (packet)
        {
            case MqttConnectPacket connect when _connect is null:
                _connect = connect;
                // Keep-alive is watched here: the library cannot know that reading is paused because the log is slow.
                _keepAlive = TimeSpan.FromSeconds(connect.KeepAlivePeriod * 1.5);
                connect.KeepAlivePeriod = 0;
                if (VehicleSession.VinOf(connect.ClientId) is not null) await _services.Connections.EnterAsync(connect.ClientId, this, cancellationToken);
                return connect;
            case MqttPublishPacket publish when _publishes is not null:
                if (Complaint(publish) is { } complaint) Close(complaint);
                else await TakeAsync(publish, _publishes, cancellationToken);
                return null;
            case MqttPubRelPacket release when _publishes is not null:
                await _publishes.ReleaseAsync(release, cancellationToken);
                return null;
            case MqttDisconnectPacket goodbye:
                _left = goodbye.ReasonCode != MqttDisconnectReasonCode.DisconnectWithWillMessage;
                return goodbye;
            default:
                return packet;
        }
    }

    /// <summary>Takes a publish, which may have to wait for the log; not past the end of the session.</summary>
    private async ValueTask TakeAsync(MqttPublishPacket publish, PublishPipeline publishes, CancellationToken cancellationToken)
    {
        if (_libraryStops == default) _libraryStops = cancellationToken.UnsafeRegister(static stopping => ((CancellationTokenSource)stopping!).Cancel(), _stopping);
        try
        {
            await publishes.TakeAsync(publish, _stopping.Token);
        }
        catch (OperationCanceledException) when (Volatile.Read(ref _closing) is not null)
        {
            // The client was not told that it is stored, and sends it again.
        }
    }

    /// <summary>A message too large: MQTT 5 clients were told the limit and are disconnected; others are acknowledged like any dead letter, or they would send it for ever.</summary>
    private async ValueTask HandleAsync(OversizedPacket packet, CancellationToken cancellationToken)
    {
        if (_publishes is null || !packet.IsPublish)
        {
            _services.Metrics.ConnectionRefused("too large");
            Close(new(MqttDisconnectReasonCode.PacketTooLarge, null, EndsCleanly: false));
            return;
        }

        var detail = $"The packet has {packet.Size} bytes; at most {_services.MaxPacketSize} are taken.";
        if (SpeaksVersion5)
        {
            await _publishes.RefuseAsync(packet with { QualityOfService = 0 }, _services.MaxPacketSize, cancellationToken);
            await _publishes.Settled;
            await SayGoodbyeAsync(new(MqttDisconnectReasonCode.PacketTooLarge, detail, EndsCleanly: false), cancellationToken);
        }

        // Closing a socket that has bytes to be read would reset it, and the client might never see why.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        var skipped = await _reader.SkipAsync(packet.Unread, patience.Token);
        if (SpeaksVersion5) Close(new(MqttDisconnectReasonCode.PacketTooLarge, detail, EndsCleanly: false));
        else if (skipped) await _publishes.RefuseAsync(packet, _services.MaxPacketSize, cancellationToken);
    }

    /// <summary>What makes a publish no publish at all.</summary>
    private Closing? Complaint(MqttPublishPacket publish)
    {
        if (publish.QualityOfServiceLevel > MqttQualityOfServiceLevel.ExactlyOnce)
            return new(MqttDisconnectReasonCode.MalformedPacket, "QoS 3 does not exist.", EndsCleanly: false);
        if (publish.QualityOfServiceLevel > MqttQualityOfServiceLevel.AtMostOnce && publish.PacketIdentifier == 0)
            return new(MqttDisconnectReasonCode.MalformedPacket, "Packet id 0 does not exist.", EndsCleanly: false);
        publish.Topic ??= "";
        if (publish.TopicAlias == 0) return null;

        if (publish.TopicAlias > ConnectionServices.MaxTopicAliases)
            return new(MqttDisconnectReasonCode.TopicAliasInvalid, $"Topic aliases go from 1 to {ConnectionServices.MaxTopicAliases}.", EndsCleanly: false);
        _aliases ??= [];
        if (publish.Topic.Length > 0)
        {
            _aliases[publish.TopicAlias] = publish.Topic;
            return null;
        }

        if (!_aliases.TryGetValue(publish.TopicAlias, out var topic))
            return new(MqttDisconnectReasonCode.TopicAliasInvalid, $"Topic alias {publish.TopicAlias} stands for nothing.", EndsCleanly: false);
        publish.Topic = topic;
        return null;
    }

    /// <summary>The library answers the CONNECT: add what this gateway offers, and start the session.</summary>
    private void Answer(MqttConnAckPacket answer)
    {
        answer.MaximumPacketSize = (uint)_services.MaxPacketSize;
        answer.ReceiveMaximum = (ushort)_services.Publishing.Options.Value.MaxInFlightPerConnection;
        answer.TopicAliasMaximum = ConnectionServices.MaxTopicAliases;
        answer.RetainAvailable = false;
        answer.WildcardSubscriptionAvailable = false;
        if (answer.ReasonCode != MqttConnectReasonCode.Success || _publishes is not null) return;

        BeginSession();
        _received = _services.ReceivedIds.Resume(_connect!.ClientId, _connect.CleanSession);
        _publishes = new PublishPipeline(this, _session!, _received, _services.Publishing);
        _services.Metrics.Connected();
    }

    /// <summary>Waits for what is on its way, unless that is what is wrong; then tells MQTT 5 clients why.</summary>
    private async Task SayGoodbyeAsync(Closing closing, CancellationToken cancellationToken)
    {
        if (_publishes is not null && closing.EndsCleanly) await _publishes.Settled.WaitAsync(cancellationToken);
        if (_publishes is null || !SpeaksVersion5) return;
        await SendPacketAsync(new MqttDisconnectPacket { ReasonCode = closing.Reason, ReasonString = ForClient(closing.Detail) }, cancellationToken);
    }

    private void CheckKeepAlive()
    {
        if (_keepAlive == TimeSpan.Zero || !Volatile.Read(ref _isReading)) return;
        if (_services.Time.GetElapsedTime(Volatile.Read(ref _lastRead)) > _keepAlive)
            Close(new(MqttDisconnectReasonCode.KeepAliveTimeout, null, EndsCleanly: false));
    }

    private void Write(MqttPacketBuffer packet)
    {
        var span = _output.GetSpan(packet.Length);
        packet.Packet.AsSpan().CopyTo(span);
        var at = packet.Packet.Count;
        foreach (var part in packet.Payload)
        {
            part.Span.CopyTo(span[at..]);
            at += part.Length;
        }

        _output.Advance(packet.Length);
    }
}
