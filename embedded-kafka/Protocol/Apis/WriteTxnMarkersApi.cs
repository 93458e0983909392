using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Ends a transaction in single partitions, past its coordinator: an operator's way out of one that hangs.</summary>
internal static class WriteTxnMarkersApi
{
    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        var markers = request.Array(r =>
        {
            var marker = (ProducerId: r.Int64(), Epoch: r.Int16(), Commit: r.Bool(), Topics: r.Array(static t =>
            {
                var topic = (Name: t.String(), Partitions: t.Int32Array());
                t.Tags();
                return topic;
            }));
            r.Int32();
            if (version >= 2)
                r.Int8();
            r.Tags();
            return marker;
        });
        response.Array(markers, (w, marker) =>
        {
            w.Int64(marker.ProducerId);
            w.Array(marker.Topics, (tw, topic) =>
            {
                tw.String(topic.Name);
                tw.Array(topic.Partitions, (pw, partition) =>
                {
                    pw.Int32(partition);
                    pw.Error(call.Broker.Transactions.EndIn(new TopicPartition(topic.Name, partition), marker.ProducerId, marker.Epoch, marker.Commit));
                    pw.Tags();
                });
                tw.Tags();
            });
            w.Tags();
        });
        response.Tags();
    }
}
