namespace Kappa.Iot.Simulator.Publishing;

/// <summary>One telemetry batch on its way: named by vehicle, boot and sequence, kept until the broker has acknowledged it.</summary>
public sealed class Delivery(string vin, ulong bootId, ulong sequence, byte[] payload)
{
    public string Vin { get; } = vin;

    public ulong BootId { get; } = bootId;

    public ulong Sequence { get; } = sequence;

    public byte[] Payload { get; } = payload;

    /// <summary>Segment of the journal that holds it, where there is a journal.</summary>
    public int Segment { get; init; }

    internal LinkedListNode<Delivery>? Node { get; set; }

    /// <summary><see cref="Environment.TickCount64"/> of the newest attempt.</summary>
    internal long SentAt { get; set; }
}
