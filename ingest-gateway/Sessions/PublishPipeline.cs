using System.Buffers;
using Microsoft.Extensions.Options;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Kappa.Iot.IngestGateway;

/// <summary>
/// One session's publishes on their way to the log. Several are on their way at once; they are acknowledged in the order they came in,
/// each only after the log has it.
/// </summary>
internal sealed class PublishPipeline(VehicleConnection connection, VehicleSession session, ReceivedIds received, PublishingServices services)
{
    private readonly int _maxPending = services.Options.Value.MaxInFlightPerConnection;
    private Task _last = Task.CompletedTask;
    private int _pending;
    private bool _failed;

    /// <summary>Completes when every publish taken so far is settled. Never faults.</summary>
    public Task Settled => _last;

    /// <summary>Takes a publish; completes when the next one may be read, which is sooner than this one is stored.</summary>
    public async ValueTask TakeAsync(MqttPublishPacket packet, CancellationToken cancel)
    {
        var payload = Bytes(packet.Payload);
        services.Metrics.Received(payload.Length);
        await EnterAsync(payload.Length, cancel);
        Start(packet.QualityOfServiceLevel, packet.PacketIdentifier, payload.Length, () =>
            packet.QualityOfServiceLevel == MqttQualityOfServiceLevel.ExactlyOnce
                ? received.TakeOnce(packet, payload, () => services.Intake.TakeAsync(session, packet.Topic, payload))
                : services.Intake.TakeAsync(session, packet.Topic, payload));
    }

    /// <summary>Takes note of a publish that was too large and has been skipped.</summary>
    public async ValueTask RefuseAsync(OversizedPacket packet, int maxSize, CancellationToken cancel)
    {
        var rejection = new Rejection(RejectReason.TooLarge,
            $"The packet has {packet.Size} bytes; Mqtt:MaxPacketSize is {maxSize}. Only the first {packet.Head.Length} bytes after its topic are kept.");
        await EnterAsync(packet.Head.Length, cancel);
        Start((MqttQualityOfServiceLevel)packet.QualityOfService, packet.PacketId, packet.Head.Length,
            () => services.Intake.RefuseAsync(session.ClientId, packet.Topic, packet.Head, rejection));
    }

    /// <summary>QoS 2: the client releases a packet id.</summary>
    public Task ReleaseAsync(MqttPubRelPacket release, CancellationToken cancel)
    {
        var known = received.Release(release.PacketIdentifier);
        return connection.SendPacketAsync(new MqttPubCompPacket
        {
            PacketIdentifier = release.PacketIdentifier,
            ReasonCode = known ? MqttPubCompReasonCode.Success : MqttPubCompReasonCode.PacketIdentifierNotFound,
        }, cancel);
    }

    private async ValueTask EnterAsync(int size, CancellationToken cancel)
    {
        if (Volatile.Read(ref _pending) >= _maxPending) await _last.WaitAsync(cancel);
        await services.Gate.EnterAsync(size, cancel);
    }

    private void Start(MqttQualityOfServiceLevel qos, ushort packetId, int size, Func<Task<PublishOutcome>> take)
    {
        var started = services.Time.GetTimestamp();
        Task<PublishOutcome> taking;
        try
        {
            taking = take();
        }
        catch
        {
            services.Gate.Leave(size);
            throw;
        }

        Interlocked.Increment(ref _pending);
        _last = SettleAsync(_last, taking, qos, packetId, size, started);
    }

    private async Task SettleAsync(Task previous, Task<PublishOutcome> taking, MqttQualityOfServiceLevel qos, ushort packetId, int size, long started)
    {
        var outcome = await taking;
        services.Gate.Leave(size);
        services.Metrics.Settled(outcome.Result, services.Time.GetElapsedTime(started));
        await previous;

        // Outcomes come in order from here on.
        if (outcome.Result == PublishResult.Failed)
        {
            _failed = true;
            connection.Close(new(MqttDisconnectReasonCode.ServerBusy, outcome.Detail, EndsCleanly: false));
        }
        else if (!_failed)
        {
            await AcknowledgeAsync(outcome, qos, packetId);
        }

        Interlocked.Decrement(ref _pending);
    }

    private Task AcknowledgeAsync(PublishOutcome outcome, MqttQualityOfServiceLevel qos, ushort packetId)
    {
        switch (qos)
        {
            case MqttQualityOfServiceLevel.AtLeastOnce:
                return connection.SendPacketAsync(new MqttPubAckPacket { PacketIdentifier = packetId, ReasonCode = outcome.Code, ReasonString = connection.ForClient(outcome.Detail) }, CancellationToken.None);
            case MqttQualityOfServiceLevel.ExactlyOnce:
                // MQTT 5 clients do not release what was refused; 3.1.1 clients never learn of it.
                if (outcome.Code >= MqttPubAckReasonCode.UnspecifiedError && connection.SpeaksVersion5) received.Release(packetId);
                return connection.SendPacketAsync(new MqttPubRecPacket { PacketIdentifier = packetId, ReasonCode = (MqttPubRecReasonCode)outcome.Code, ReasonString = connection.ForClient(outcome.Detail) }, CancellationToken.None);
            default:
                return Task.CompletedTask;
        }
    }

    /// <summary>The payload as an array of its own; the decoder has made one already.</summary>
    private static byte[] Bytes(in ReadOnlySequence<byte> payload) =>
        payload.IsSingleSegment
        && System.Runtime.InteropServices.MemoryMarshal.TryGetArray(payload.First, out var array)
        && array.Offset == 0 && array.Count == array.Array!.Length
            ? array.Array
            : payload.ToArray();
}

/// <summary>What every session's publishes share.</summary>
internal sealed record PublishingServices(Intake Intake, InFlightGate Gate, GatewayMetrics Metrics, TimeProvider Time, IOptions<PublishingOptions> Options);
