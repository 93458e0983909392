using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Offsets by place (earliest, latest) or by time.</summary>
internal static class ListOffsetsApi
{
    private const long Latest = -1;
    private const long Earliest = -2;
    private const long LatestTime = -3;

    /// <summary>Nothing is kept elsewhere, so all of the log is local.</summary>
    private const long EarliestLocal = -4;

    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        request.Int32();
        var committedOnly = version >= 2 && request.Int8() == 1;
        if (version >= 2)
            response.Int32(0);
        var topics = request.Array(r =>
        {
            var name = r.String();
            var partitions = r.Array(p =>
            {
                var index = p.Int32();
                var epoch = version >= 4 ? p.Int32() : -1;
                var timestamp = p.Int64();
                p.Tags();
                return (Index: index, Epoch: epoch, Timestamp: timestamp);
            });
            r.Tags();
            return (Name: name, Partitions: partitions);
        });
        response.Array(topics, (w, topic) =>
        {
            w.String(topic.Name);
            w.Array(topic.Partitions, (writer, p) =>
            {
                var log = call.Broker.Topics.FindPartition(topic.Name, p.Index);
                var error = log is null ? ErrorCode.UnknownTopicOrPartition : p.Epoch > 0 ? ErrorCode.UnknownLeaderEpoch : ErrorCode.None;
                var (offset, timestamp) = (-1L, -1L);
                try
                {
                    if (error == ErrorCode.None)
                        (offset, timestamp) = Find(log!, p.Timestamp, committedOnly);
                }
                catch (InvalidDataException)
                {
                    // A producer wrote a batch whose records cannot be unpacked; its checksum was right.
                    error = ErrorCode.CorruptMessage;
                }

                writer.Int32(p.Index);
                writer.Error(error);
                writer.Int64(timestamp);
                writer.Int64(offset);
                if (version >= 4)
                    writer.Int32(offset >= 0 ? 0 : -1);
                writer.Tags();
            });
            w.Tags();
        });
        response.Tags();
    }

    private static (long Offset, long Timestamp) Find(PartitionLog log, long timestamp, bool committedOnly) => timestamp switch
    {
        Latest => (committedOnly ? log.LastStableOffset : log.EndOffset, -1),
        Earliest or EarliestLocal => (log.StartOffset, -1),
        < EarliestLocal => (-1, -1),
        LatestTime => log.FindLatestTime() ?? (-1, -1),
        _ => log.FindByTime(timestamp, committedOnly) ?? (-1, -1),
    };
}
