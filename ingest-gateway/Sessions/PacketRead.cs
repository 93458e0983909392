using MQTTnet.Packets;

namespace Kappa.Iot.IngestGateway;

/// <summary>What reading from a connection came to.</summary>
internal enum PacketReadStatus
{
    /// <summary>A whole packet.</summary>
    Packet,

    /// <summary>The other end closed the connection.</summary>
    Ended,

    /// <summary>Someone here wants the reading to pause; nothing was lost.</summary>
    Interrupted,

    /// <summary>Not MQTT.</summary>
    Malformed,

    /// <summary>A packet above the limit; its rest is still to be skipped.</summary>
    TooLarge,
}

internal readonly record struct PacketRead(PacketReadStatus Status, MqttPacket? Packet = null, OversizedPacket? Oversized = null, string? Detail = null);

/// <summary>The head of a packet that is too large to be taken.</summary>
/// <param name="IsPublish">Whether topic, QoS and packet id mean anything.</param>
/// <param name="Size">Bytes of the whole packet, as it announces itself.</param>
/// <param name="Head">The first bytes after topic and packet id.</param>
/// <param name="Unread">Bytes of the packet that are still to come.</param>
internal sealed record OversizedPacket(bool IsPublish, string Topic, int QualityOfService, ushort PacketId, long Size, byte[] Head, long Unread);
