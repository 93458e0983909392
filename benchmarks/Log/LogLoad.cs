using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>The work: a first round that is not counted, then one that is.</summary>
internal static class LogLoad
{
    private const int RecordBytes = 1_000;

    public static async Task<LogFigures> MeasureAsync(string address, int records, CancellationToken cancel)
    {
        await RoundAsync(address, "warm-up", Math.Max(1, records / 10), cancel);
        return await RoundAsync(address, "measured", records, cancel);
    }

    private static async Task<LogFigures> RoundAsync(string address, string topic, int records, CancellationToken cancel)
    {
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = address }).Build())
            await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = 1, ReplicationFactor = 1 }]);
        return new LogFigures(Produce(address, topic, records, cancel), Consume(address, topic, records, cancel));
    }

    private static double Produce(string address, string topic, int records, CancellationToken cancel)
    {
        using var producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig
        {
            BootstrapServers = address,
            EnableIdempotence = true,
            LingerMs = 5,
            QueueBufferingMaxMessages = 100_000,
        }).Build();
        var value = new byte[RecordBytes];
        new Random(1).NextBytes(value);
        Error? failure = null;
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < records; i++)
        {
            try
            {
                producer.Produce(topic, new Message<Null, byte[]> { Value = value }, report => failure = report.Error.IsError ? report.Error : failure);
            }
            catch (ProduceException<Null, byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                producer.Poll(TimeSpan.FromMilliseconds(10));
                i--;
            }
        }

        producer.Flush(cancel);
        return failure is null ? records / clock.Elapsed.TotalSeconds : throw new KafkaException(failure);
    }

    private static double Consume(string address, string topic, int records, CancellationToken cancel)
    {
        using var consumer = new ConsumerBuilder<Null, byte[]>(new ConsumerConfig { BootstrapServers = address, GroupId = "benchmark", EnableAutoCommit = false }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        consumer.Consume(cancel); // the client is connected from here on
        var clock = Stopwatch.StartNew();
        for (var i = 1; i < records; i++) consumer.Consume(cancel);
        return (records - 1) / clock.Elapsed.TotalSeconds;
    }
}
