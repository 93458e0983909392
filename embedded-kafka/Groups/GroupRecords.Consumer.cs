using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>The records of groups that use the consumer protocol.</summary>
internal static partial class GroupRecords
{
    /// <summary>The members' states in Kafka's numbers.</summary>
    private const sbyte Stable = 0, Revoking = 1;

    public static byte[] EpochKey(string group) => Key(GroupRecordKind.Epoch, group);

    public static byte[] EpochValue(int epoch) => Value(w => w.Int32(epoch));

    public static int ReadEpoch(ReadOnlyMemory<byte> value) => ValueReader(value).Int32();

    public static byte[] MemberKey(string group, string member) => Key(GroupRecordKind.Member, group, member);

    public static byte[] MemberValue(ConsumerMember member) => Value(w =>
    {
        w.String(member.InstanceId);
        w.String(member.RackId);
        w.String(member.ClientId);
        w.String(member.ClientHost);
        w.Array(member.Topics.Names, static (n, name) => n.String(name));
        w.String(member.Topics.Regex);
        w.Int32((int)member.RebalanceTimeout.TotalMilliseconds);
        w.String(member.Assignor);
    });

    public static ConsumerMember ReadMember(string id, ReadOnlyMemory<byte> value)
    {
        var reader = ValueReader(value);
        return new ConsumerMember(id, reader.NullableString())
        {
            RackId = reader.NullableString(),
            ClientId = reader.String(),
            ClientHost = reader.String(),
            Topics = new ConsumerTopics(reader.StringArray(), reader.NullableString()),
            RebalanceTimeout = TimeSpan.FromMilliseconds(reader.Int32()),
            Assignor = reader.NullableString(),
        };
    }

    public static byte[] AssignmentKey(string group, string member) => Key(GroupRecordKind.Assignment, group, member);

    public static byte[] AssignmentValue(ConsumerMember member) => Value(w =>
    {
        w.Int32(member.Epoch);
        w.Int32(member.PreviousEpoch);
        w.Int8(member.Revoking.Count > 0 ? Revoking : Stable);
        WritePartitions(w, member.Assigned);
        WritePartitions(w, member.Revoking);
    });

    public static void ReadAssignment(ReadOnlyMemory<byte> value, ConsumerMember member)
    {
        var reader = ValueReader(value);
        member.Epoch = reader.Int32();
        member.PreviousEpoch = reader.Int32();
        reader.Int8();

        // Since when it has had each is not kept: what it commits with an older epoch after a restart has to come again with this one.
        var since = Math.Max(member.Epoch, member.PreviousEpoch);
        member.Assigned = ReadPartitions(reader).ToDictionary(p => p, _ => since);
        member.Revoking = ReadPartitions(reader).ToDictionary(p => p, _ => since);
    }

    private static void WritePartitions(ResponseWriter writer, Dictionary<TopicIdPartition, int> partitions) =>
        writer.Array(partitions.Keys.GroupBy(p => p.Topic).ToList(), static (w, topic) =>
        {
            w.Uuid(topic.Key);
            w.Int32Array([.. topic.Select(p => p.Partition)]);
            w.Tags();
        });

    private static IEnumerable<TopicIdPartition> ReadPartitions(RequestReader reader) => reader.Array(static r =>
    {
        var (topic, partitions) = (r.Uuid(), r.Int32Array());
        r.Tags();
        return partitions.Select(p => new TopicIdPartition(topic, p));
    }).SelectMany(p => p);

    private static byte[] Key(GroupRecordKind kind, string group, string? member = null) => Write(w =>
    {
        w.Int16((short)kind);
        w.String(group);
        if (member is not null)
            w.String(member);
    });

    /// <summary>Version 0, which has compact lengths and tagged fields.</summary>
    private static byte[] Value(Action<ResponseWriter> write) => Write(w =>
    {
        w.Int16(0);
        w.Flexible = true;
        write(w);
        w.Tags();
    });

    private static RequestReader ValueReader(ReadOnlyMemory<byte> value)
    {
        var reader = Reader(value);
        reader.Int16();
        reader.Flexible = true;
        return reader;
    }
}
