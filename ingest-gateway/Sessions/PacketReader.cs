using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using MQTTnet.AspNetCore;
using MQTTnet.Formatter;
using MQTTnet.Packets;

namespace Kappa.Iot.IngestGateway;

/// <summary>
/// Takes MQTT packets off a connection. It looks at a packet's length before it waits for the packet, so that no client makes the
/// gateway hold more than <paramref name="maxSize"/> bytes for it.
/// </summary>
internal sealed class PacketReader(PipeReader input, MqttPacketFormatterAdapter formatter, int maxSize)
{
    private const int Connect = 1;
    private const int Publish = 3;

    /// <summary>How much of a packet that is too large is kept.</summary>
    private const int HeadSize = 1_024;

    /// <summary>Reads the next packet.</summary>
    /// <exception cref="OperationCanceledException">The session is over.</exception>
    public async ValueTask<PacketRead> ReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            var result = await input.ReadAsync(cancel);
            if (result.IsCanceled)
            {
                input.AdvanceTo(result.Buffer.Start);
                return new(PacketReadStatus.Interrupted);
            }

            var read = TryRead(result.Buffer, result.IsCompleted, out var consumed);
            input.AdvanceTo(consumed, read is null ? result.Buffer.End : consumed);
            if (read is { } done) return done;
            if (result.IsCompleted) return new(PacketReadStatus.Ended);
        }
    }

    /// <summary>Reads on without keeping anything.</summary>
    /// <returns>False where the connection ended before.</returns>
    public async ValueTask<bool> SkipAsync(long bytes, CancellationToken cancel)
    {
        while (bytes > 0)
        {
            var result = await input.ReadAsync(cancel);
            var skipped = Math.Min(bytes, result.Buffer.Length);
            input.AdvanceTo(result.Buffer.GetPosition(skipped));
            bytes -= skipped;
            if (bytes > 0 && (result.IsCompleted || result.IsCanceled)) return false;
        }

        return true;
    }

    /// <returns>Null where more bytes are needed.</returns>
    private PacketRead? TryRead(in ReadOnlySequence<byte> buffer, bool completed, out SequencePosition consumed)
    {
        consumed = buffer.Start;
        if (buffer.IsEmpty) return null;
        var type = buffer.FirstSpan[0] >> 4;
        if (formatter.ProtocolVersion == MqttProtocolVersion.Unknown && type != Connect)
            return new(PacketReadStatus.Malformed, Detail: "The first packet is no CONNECT.");

        switch (TryLength(buffer, out var header, out var body))
        {
            case null: return null;
            case false: return new(PacketReadStatus.Malformed, Detail: "The packet's length has more than four bytes.");
        }

        if (header + body > maxSize) return TryHead(buffer, type, header, body, completed, out consumed);
        if (buffer.Length < header + body) return null;
        return Decode(buffer, out consumed);
    }

    private PacketRead Decode(in ReadOnlySequence<byte> buffer, out SequencePosition consumed)
    {
        try
        {
            return formatter.TryDecode(buffer, out var packet, out consumed, out _, out _)
                ? new(PacketReadStatus.Packet, packet)
                : new(PacketReadStatus.Malformed, Detail: "The packet ends before its content does.");
        }
        catch (Exception e)
        {
            // The library's decoders answer malformed packets with exceptions of many types; what was read is at fault in every case.
            consumed = buffer.End;
            return new(PacketReadStatus.Malformed, Detail: e.Message);
        }
    }

    /// <returns>Null where more bytes are needed, false where it is no length.</returns>
    private static bool? TryLength(in ReadOnlySequence<byte> buffer, out int header, out long body)
    {
        header = 0;
        body = 0;
        var reader = new SequenceReader<byte>(buffer);
        reader.Advance(1);
        for (var shift = 0; shift < 28; shift += 7)
        {
            if (!reader.TryRead(out var part)) return null;
            body |= (long)(part & 0x7F) << shift;
            if ((part & 0x80) != 0) continue;
            header = (int)reader.Consumed;
            return true;
        }

        return false;
    }

    private static PacketRead? TryHead(in ReadOnlySequence<byte> buffer, int type, int header, long body, bool completed, out SequencePosition consumed)
    {
        // Topics may have 64 KiB; with more than that here, topic and packet id are.
        var wanted = Math.Min(header + body, ushort.MaxValue + HeadSize);
        consumed = buffer.Start;
        if (buffer.Length < Math.Min(wanted, HeadSize) && !completed) return null;

        var topic = "";
        ushort packetId = 0;
        var qos = (buffer.FirstSpan[0] >> 1) & 3;
        var reader = new SequenceReader<byte>(buffer.Slice(header));
        if (type == Publish)
        {
            if (!reader.TryReadBigEndian(out short length) || !reader.TryReadExact((ushort)length, out var name)) return completed ? Cut() : null;
            topic = Encoding.UTF8.GetString(name);
            if (qos > 0)
            {
                if (!reader.TryReadBigEndian(out short id)) return completed ? Cut() : null;
                packetId = (ushort)id;
            }
        }

        var head = reader.UnreadSequence.Slice(0, Math.Min(HeadSize, reader.Remaining)).ToArray();
        var seen = Math.Min(buffer.Length, header + body);
        consumed = buffer.GetPosition(seen);
        return new(PacketReadStatus.TooLarge, Oversized: new(type == Publish, topic, qos, packetId, header + body, head, header + body - seen));

        static PacketRead Cut() => new(PacketReadStatus.Ended);
    }
}
