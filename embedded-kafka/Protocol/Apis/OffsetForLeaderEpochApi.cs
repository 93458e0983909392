namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Where a leader epoch ends. The one leader never changes, so there is epoch 0, and it ends where the log does.</summary>
internal static class OffsetForLeaderEpochApi
{
    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        if (version >= 3)
            request.Int32();
        var topics = request.Array(static r =>
        {
            var name = r.String();
            var partitions = r.Array(static p =>
            {
                var partition = (Index: p.Int32(), Current: p.Int32(), Epoch: p.Int32());
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
                var log = call.Broker.Topics.FindPartition(topic.Name, partition.Index);
                var error = log is null ? ErrorCode.UnknownTopicOrPartition : partition.Current > 0 ? ErrorCode.UnknownLeaderEpoch : ErrorCode.None;
                var known = error == ErrorCode.None && partition.Epoch == 0;
                pw.Error(error);
                pw.Int32(partition.Index);
                pw.Int32(known ? 0 : -1);
                pw.Int64(known ? log!.EndOffset : -1);
                pw.Tags();
            });
            w.Tags();
        });
        response.Tags();
    }
}
