using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>Where readers and writers get their clients from: those of Kafka, or of a log in memory that takes the place of a broker.</summary>
internal class LogClients
{
    public static readonly LogClients Kafka = new();

    public virtual ConsumerBuilder<byte[], byte[]> Consumer(ConsumerConfig config) => new(config);

    public virtual ProducerBuilder<byte[], byte[]> Producer(ProducerConfig config) => new(config);
}
