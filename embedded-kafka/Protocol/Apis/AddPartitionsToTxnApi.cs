using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Takes partitions into a transaction: all of them, or none.</summary>
internal static class AddPartitionsToTxnApi
{
    public static void Handle(Call call)
    {
        var (request, response) = (call.Request, call.Response);
        var id = request.String();
        var producerId = request.Int64();
        var epoch = request.Int16();
        var topics = request.Array(static r =>
        {
            var name = r.String();
            var partitions = r.Int32Array();
            r.Tags();
            return (Name: name, Partitions: partitions);
        });

        var all = topics.SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Name, p))).ToList();
        var unknown = all.Where(p => call.Broker.Topics.FindPartition(p.Topic, p.Partition) is null || p.Topic is InternalTopics.Offsets or InternalTopics.Transactions).ToHashSet();
        var error = unknown.Count > 0 ? ErrorCode.OperationNotAttempted : call.Broker.Transactions.AddPartitions(id, producerId, epoch, all);
        if (error == ErrorCode.ProducerFenced && call.Version < 2)
            error = ErrorCode.InvalidProducerEpoch;

        response.Int32(0);
        response.Array(topics, (w, topic) =>
        {
            w.String(topic.Name);
            w.Array(topic.Partitions, (writer, partition) =>
            {
                writer.Int32(partition);
                writer.Error(unknown.Contains(new TopicPartition(topic.Name, partition)) ? ErrorCode.UnknownTopicOrPartition : error);
                writer.Tags();
            });
            w.Tags();
        });
        response.Tags();
    }
}
