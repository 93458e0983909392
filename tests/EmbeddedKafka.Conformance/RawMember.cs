using System.Buffers.Binary;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>A member of the consumer protocol that says what a test wants it to, as Kafka's protocol guide describes the requests.</summary>
internal sealed class RawMember(KafkaClients kafka, string group, string id)
{
    public string Id => id;

    /// <summary>What a member says of itself; null for what has not changed.</summary>
    public sealed record Words(int Epoch, string? Instance = null, int RebalanceTimeout = -1, string[]? Topics = null, string? Regex = null, string? Assignor = null, (Guid Topic, int[] Partitions)[]? Owned = null);

    /// <summary>A join with all that belongs to it.</summary>
    public static Words Join(string topic, string? instance = null) => new(0, instance, 60_000, [topic], Owned: []);

    /// <summary>One ConsumerGroupHeartbeat in version 1.</summary>
    public async Task<(short Error, int Epoch, Dictionary<Guid, int[]>? Assignment)> SayAsync(Words words)
    {
        byte[] body =
        [
            .. Text(group), .. Text(id), .. Int32(words.Epoch), .. Text(words.Instance), 0, .. Int32(words.RebalanceTimeout),
            .. List(words.Topics, Text), .. Text(words.Regex), .. Text(words.Assignor),
            .. List(words.Owned, o => [.. o.Topic.ToByteArray(bigEndian: true), .. List(o.Partitions, Int32), 0]), 0,
        ];
        var at = new Reader(await AskAsync(68, 1, body));
        at.Skip(4); // throttle time
        var error = at.Int16();
        at.Text();
        at.Text();
        var epoch = at.Int32();
        at.Skip(4); // heartbeat interval
        Dictionary<Guid, int[]>? assignment = null;
        if (at.Skip(1)[0] == 1)
        {
            assignment = [];
            for (var topics = at.Length(); topics > 0; topics--)
            {
                var topic = new Guid(at.Skip(16), bigEndian: true);
                assignment[topic] = [.. Enumerable.Range(0, at.Length()).Select(_ => at.Int32())];
                at.Skip(1);
            }
        }

        return (error, epoch, assignment);
    }

    /// <summary>One OffsetCommit for one partition.</summary>
    public async Task<short> CommitAsync(int epoch, string topic, int partition, short version = 9)
    {
        byte[] body = [.. Text(group), .. Int32(epoch), .. Text(id), .. Text(null), 2, .. Text(topic), 2, .. Int32(partition), .. Int64(1), .. Int32(-1), .. Text(""), 0, 0, 0];
        var at = new Reader(await AskAsync(8, version, body));
        at.Skip(4); // throttle time
        at.Skip(1);
        at.Text();
        at.Skip(1 + 4); // one partition
        return at.Int16();
    }

    /// <summary>One OffsetFetch (version 9) for everything that the group has committed.</summary>
    public async Task<short> FetchAsync(int epoch)
    {
        byte[] body = [2, .. Text(group), .. Text(id), .. Int32(epoch), 0, 0, 0, 0];
        var answer = await AskAsync(9, 9, body);
        return BinaryPrimitives.ReadInt16BigEndian(answer.AsSpan(answer.Length - 4)); // then two sets of tagged fields
    }

    private async Task<byte[]> AskAsync(short api, short version, byte[] body)
    {
        var address = kafka.BootstrapServers.Split(':');
        using var socket = new TcpClient();
        await socket.ConnectAsync(address[0], int.Parse(address[1], CultureInfo.InvariantCulture), Cancel);
        var stream = socket.GetStream();
        byte[] frame = [.. Int16(api), .. Int16(version), .. Int32(1), .. Int16(-1), 0, .. body];
        await stream.WriteAsync((byte[])[.. Int32(frame.Length), .. frame], Cancel);
        var size = new byte[4];
        await stream.ReadExactlyAsync(size, Cancel);
        var answer = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
        await stream.ReadExactlyAsync(answer, Cancel);
        return answer[5..]; // after correlation and tagged fields
    }

    private static byte[] Text(string? text) => text is null ? [0] : [.. Length(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] List<T>(IReadOnlyCollection<T>? items, Func<T, byte[]> write) => items is null ? [0] : [.. Length(items.Count), .. items.SelectMany(write)];

    /// <summary>As the protocol has it: one more, in groups of seven bits.</summary>
    private static byte[] Length(int length)
    {
        var bytes = new List<byte>();
        var left = length + 1;
        for (; left >= 0x80; left >>= 7)
            bytes.Add((byte)(left | 0x80));
        return [.. bytes, (byte)left];
    }

    private static byte[] Int16(short value) => [(byte)(value >> 8), (byte)value];

    private static byte[] Int32(int value) => [.. Int16((short)(value >> 16)), .. Int16((short)value)];

    private static byte[] Int64(long value) => [.. Int32((int)(value >> 32)), .. Int32((int)value)];

    private sealed class Reader(byte[] data)
    {
        private int _position;

        public byte[] Skip(int count) => data[_position..(_position += count)];

        public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Skip(2));

        public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Skip(4));

        public void Text() => Skip(Math.Max(0, Length()));

        public int Length()
        {
            var length = 0;
            for (var shift = 0; ; shift += 7)
            {
                var b = Skip(1)[0];
                length |= (b & 0x7f) << shift;
                if (b < 0x80)
                    return length - 1;
            }
        }
    }
}
