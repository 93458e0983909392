using Confluent.Kafka;

namespace Kappa.Iot.Streaming;

/// <summary>Partitions whose state is being rebuilt together, off the reading thread.</summary>
internal sealed class Restore(IReadOnlyList<PartitionWorker> workers, CancellationTokenSource cancel) : IDisposable
{
    public IReadOnlyList<PartitionWorker> Workers { get; } = workers;

    /// <summary>Where each partition goes on, and with what.</summary>
    public required Task<(IReadOnlyDictionary<TopicPartition, long> Next, IReadOnlyDictionary<TopicPartition, IPartitionProcessor> Processors)> Result { get; init; }

    public void Cancel() => cancel.Cancel();

    public void Dispose() => cancel.Dispose();
}
