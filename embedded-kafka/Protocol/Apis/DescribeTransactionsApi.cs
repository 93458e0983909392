namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>The state of transactional ids.</summary>
internal static class DescribeTransactionsApi
{
    public static void Handle(Call call)
    {
        var ids = call.Request.StringArray();
        call.Response.Int32(0);
        call.Response.Array(ids, (w, id) =>
        {
            if (call.Broker.Transactions.Find(id) is not { } transaction)
            {
                w.Error(ErrorCode.TransactionalIdNotFound);
                w.String(id);
                w.String("");
                w.Int32(0);
                w.Int64(0);
                w.Int64(0);
                w.Int16(0);
                w.ArrayLength(0);
                w.Tags();
                return;
            }

            var status = transaction.Status;
            w.Error(ErrorCode.None);
            w.String(id);
            w.String(status.State.ToString());
            w.Int32((int)status.Timeout.TotalMilliseconds);
            w.Int64(status.StartedAt);
            w.Int64(status.ProducerId);
            w.Int16(status.Epoch);
            w.Array(status.Partitions.GroupBy(p => p.Topic).ToList(), static (tw, topic) =>
            {
                tw.String(topic.Key);
                tw.Int32Array(topic.Select(p => p.Partition).ToList());
                tw.Tags();
            });
            w.Tags();
        });
        call.Response.Tags();
    }
}
