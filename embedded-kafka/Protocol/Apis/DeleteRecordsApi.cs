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
                var start = found is { IsInternal: false } ? log?.DeleteBefore(partition.Offset) : null;
                pw.Int32(partition.Index);
                pw.Int64(start ?? -1);
                pw.Error(start is not null ? ErrorCode.None
                    : log is null ? ErrorCode.UnknownTopicOrPartition
                    : found!.IsInternal ? ErrorCode.PolicyViolation : ErrorCode.OffsetOutOfRange);
                pw.Tags();
            });
            w.Tags();
        });
        response.Tags();
    }
}
