using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Moves the start of partitions forward.</summary>
internal static class DeleteRecordsApi
{
    public static void Handle(Call call)
    {
        var (request, response) = (call.Request, call.Response);
        var topics = request.Array(static r =>
        {
            var name = r.String();
            var partitions = r.Array(static p =>
            {
                var partition = (Index: p.Int32(), Offset: p.Int64());
                p.Tags();
                return partition;
            });
            r.Tags();
            return (Name: name, Partitions: partitions);
        });

        response.Int32(0);
        response.Array(topics, (w, topic) =>
        {
            w.String(topic.Name);
            w.Array(topic.Partitions, (pw, partition) =>
            {
                var found = call.Broker.Topics.Find(topic.Name);
                var log = found?.Partition(partition.Index);
                var (start, error) = log is null ? (-1, ErrorCode.UnknownTopicOrPartition)
                    : found!.IsInternal ? (-1, ErrorCode.PolicyViolation) : Delete(call.Broker, log, partition.Offset);
                pw.Int32(partition.Index);
                pw.Int64(start);
                pw.Error(error);
                pw.Tags();
            });
            w.Tags();
        });
        response.Tags();
    }

    private static (long Start, ErrorCode Error) Delete(Broker broker, PartitionLog log, long before)
    {
        try
        {
            return log.DeleteBefore(before) is { } start ? (start, ErrorCode.None) : (-1, ErrorCode.OffsetOutOfRange);
        }
        catch (Exception e) when (broker.IsStorage(e))
        {
            return (-1, ErrorCode.KafkaStorageError);
        }
    }
}
