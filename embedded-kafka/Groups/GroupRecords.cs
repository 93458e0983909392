using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>The records of the offsets topic, in Kafka's own format, so that Kafka's tools can read it.</summary>
internal static partial class GroupRecords
{
    public static byte[] OffsetKey(string group, TopicPartition partition) => Write(w =>
    {
        w.Int16(1);
        w.String(group);
        w.String(partition.Topic);
        w.Int32(partition.Partition);
    });

    public static byte[] OffsetValue(CommittedOffset offset) => Write(w =>
    {
        w.Int16(3);
        w.Int64(offset.Offset);
        w.Int32(offset.LeaderEpoch);
        w.String(offset.Metadata);
        w.Int64(offset.Timestamp);
    });

    public static byte[] GroupKey(string group) => Write(w =>
    {
        w.Int16(2);
        w.String(group);
    });

    public static byte[] GroupValue(Group group, long timestamp) => Write(w =>
    {
        w.Int16(3);
        w.String(group.ProtocolType ?? "");
        w.Int32(group.Generation);
        w.String(group.Protocol);
        w.String(group.Leader);
        w.Int64(timestamp);
        w.Array(group.Members, (writer, member) =>
        {
            writer.String(member.Id);
            writer.String(member.InstanceId);
            writer.String(member.ClientId);
            writer.String(member.ClientHost);
            writer.Int32((int)member.RebalanceTimeout.TotalMilliseconds);
            writer.Int32((int)member.SessionTimeout.TotalMilliseconds);
            writer.Bytes(member.MetadataFor(group.Protocol));
            writer.Bytes(member.Assignment);
        });
    });

    /// <returns>What the record is about; null for a key of another kind.</returns>
    public static GroupRecordKey? ReadKey(ReadOnlyMemory<byte> key)
    {
        var reader = Reader(key);
        return reader.Int16() switch
        {
            0 or 1 => new(GroupRecordKind.Offset, reader.String(), Partition: new TopicPartition(reader.String(), reader.Int32())),
            (short)GroupRecordKind.Group => new(GroupRecordKind.Group, reader.String()),
            (short)GroupRecordKind.Epoch => new(GroupRecordKind.Epoch, reader.String()),
            (short)GroupRecordKind.Member => new(GroupRecordKind.Member, reader.String(), reader.String()),
            (short)GroupRecordKind.Assignment => new(GroupRecordKind.Assignment, reader.String(), reader.String()),
            _ => null,
        };
    }

    public static CommittedOffset ReadOffset(ReadOnlyMemory<byte> value, long logOffset)
    {
        var reader = Reader(value);
        reader.Int16();
        return new CommittedOffset(reader.Int64(), reader.Int32(), reader.String(), reader.Int64(), logOffset);
    }

    public static void ReadGroup(ReadOnlyMemory<byte> value, Group group)
    {
        var reader = Reader(value);
        reader.Int16();
        var protocolType = reader.String();
        var generation = reader.Int32();
        var protocol = reader.NullableString();
        var leader = reader.NullableString();
        var since = reader.Int64();
        var members = reader.Array(r => ReadMember(r, protocol));
        group.Restore(generation, protocolType.Length == 0 ? null : protocolType, protocol, leader, members, since);
    }

    private static GroupMember ReadMember(RequestReader reader, string? protocol)
    {
        var member = new GroupMember(reader.String(), reader.NullableString())
        {
            ClientId = reader.String(),
            ClientHost = reader.String(),
            RebalanceTimeout = TimeSpan.FromMilliseconds(reader.Int32()),
            SessionTimeout = TimeSpan.FromMilliseconds(reader.Int32()),
        };
        member.Protocols = [new GroupProtocol(protocol ?? "", reader.Bytes().ToArray())];
        member.Assignment = reader.Bytes().ToArray();
        return member;
    }

    private static RequestReader Reader(ReadOnlyMemory<byte> data)
    {
        var reader = new RequestReader();
        reader.Reset(data.ToArray());
        return reader;
    }

    private static byte[] Write(Action<ResponseWriter> write)
    {
        using var writer = new ResponseWriter();
        write(writer);
        return writer.Written.ToArray();
    }
}
