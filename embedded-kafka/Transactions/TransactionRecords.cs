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

    public static byte[] Value(Transaction transaction)
    {
        using var writer = new ResponseWriter();
        writer.Int16(0);
        writer.Int64(transaction.ProducerId);
        writer.Int16(transaction.Epoch);
        writer.Int32((int)transaction.Timeout.TotalMilliseconds);
        writer.Int8((sbyte)transaction.State);
        writer.Array(transaction.Partitions.GroupBy(p => p.Topic).ToList(), static (w, topic) =>
        {
            w.String(topic.Key);
            w.Int32Array(topic.Select(p => p.Partition).ToList());
        });
        writer.Int64(transaction.UpdatedAt);
        writer.Int64(transaction.StartedAt);
        return writer.Written.ToArray();
    }

    public static string ReadKey(ReadOnlyMemory<byte> key)
    {
        var reader = new RequestReader();
        reader.Reset(key.ToArray());
        reader.Int16();
        return reader.String();
    }

    public static Transaction Read(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value)
    {
        var reader = new RequestReader();
        var transaction = new Transaction(ReadKey(key));
        reader.Reset(value.ToArray());
        reader.Int16();
        transaction.ProducerId = reader.Int64();
        transaction.Epoch = reader.Int16();
        transaction.Timeout = TimeSpan.FromMilliseconds(reader.Int32());
        transaction.State = (TransactionState)reader.Int8();
        foreach (var (topic, partitions) in reader.Array(static r => (r.String(), r.Int32Array())))
            transaction.Partitions.UnionWith(partitions.Select(p => new TopicPartition(topic, p)));
        transaction.UpdatedAt = reader.Int64();
        transaction.StartedAt = reader.Int64();
        return transaction;
    }
}
