namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>The producers that a partition remembers, and their open transactions.</summary>
internal static class DescribeProducersApi
{
    private readonly record struct Producer(long Id, short Epoch, int LastSequence, long LastSeen, long TransactionStart);

    public static void Handle(Call call)
    {
        var (request, response) = (call.Request, call.Response);
        var topics = request.Array(static r =>
        {
            var topic = (Name: r.String(), Partitions: r.Int32Array());
            r.Tags();
            return topic;
        });

        response.Int32(0);
        response.Array(topics, (w, topic) =>
        {
            w.String(topic.Name);
            w.Array(topic.Partitions, (pw, partition) =>
            {
                var log = call.Broker.Topics.FindPartition(topic.Name, partition);
                var producers = log?.ReadProducers(static states => states.All
                    .Select(p => new Producer(p.ProducerId, p.Epoch, p.LastSequence, p.LastSeen, p.TransactionStart)).ToList()) ?? [];
                pw.Int32(partition);
                pw.Error(log is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.None);
                pw.String(null);
                pw.Array(producers, static (sw, producer) =>
                {
                    sw.Int64(producer.Id);
                    sw.Int32(producer.Epoch);
                    sw.Int32(producer.LastSequence);
                    sw.Int64(producer.LastSeen);
                    sw.Int32(0);
                    sw.Int64(producer.TransactionStart);
                    sw.Tags();
                });
                pw.Tags();
            });
            w.Tags();
        });
        response.Tags();
    }
}
