using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Transactions;

/// <summary>The records of the transaction topic, in Kafka's own format.</summary>
internal static class TransactionRecords
{
    public static byte[] Key(string id)
    {
        using var writer = new ResponseWriter();
        writer.Int16(0);
        writer.String(id);
        return writer.Written.ToArray();
    }

    public static byte[] Value(TransactionStatus status)
    {
        using var writer = new ResponseWriter();
        writer.Int16(0);
        writer.Int64(status.ProducerId);
        writer.Int16(status.Epoch);
        writer.Int32((int)status.Timeout.TotalMilliseconds);
        writer.Int8((sbyte)status.State);
        writer.Array(status.Partitions.GroupBy(p => p.Topic).ToList(), static (w, topic) =>
        {
            w.String(topic.Key);
            w.Int32Array(topic.Select(p => p.Partition).ToList());
        });
        writer.Int64(status.UpdatedAt);
        writer.Int64(status.StartedAt);
        return writer.Written.ToArray();
    }

    public static string ReadKey(ReadOnlyMemory<byte> key)
    {
        var reader = new RequestReader();
        reader.Reset(key.ToArray());
        reader.Int16();
        return reader.String();
    }

    public static TransactionStatus ReadValue(ReadOnlyMemory<byte> value)
    {
        var reader = new RequestReader();
        reader.Reset(value.ToArray());
        reader.Int16();
        return new TransactionStatus
        {
            ProducerId = reader.Int64(),
            Epoch = reader.Int16(),
            Timeout = TimeSpan.FromMilliseconds(reader.Int32()),
            State = (TransactionState)reader.Int8(),
            Partitions = [.. reader.Array(static r => (Topic: r.String(), Partitions: r.Int32Array())).SelectMany(t => t.Partitions.Select(p => new TopicPartition(t.Topic, p)))],
            UpdatedAt = reader.Int64(),
            StartedAt = reader.Int64(),
        };
    }
}
