using Confluent.Kafka;

namespace Kappa.Iot.Twins;

/// <summary>
/// Where twins are kept. All methods may be called from many threads and processes at once, and throw <see cref="TwinStoreException"/>
/// where the store cannot be reached.
/// </summary>
public interface ITwinStore : IAsyncDisposable
{
    /// <summary>Creates what is missing (schema, indexes). Every process that uses the store calls it once; many may at once.</summary>
    Task InitializeAsync(CancellationToken cancel);

    /// <summary>Takes updates in. Those that say nothing new have no effect (see <see cref="TwinUpdate"/>).</summary>
    Task<TwinWrite> ApplyAsync(IReadOnlyList<TwinUpdate> updates, CancellationToken cancel) => ApplyAsync(updates, [], cancel);

    /// <summary>Takes updates in, and with them (never before them) how far the log has been read.</summary>
    /// <param name="updates">Some updates, of any vehicles.</param>
    /// <param name="progress">For each partition the offset to read next. Never goes back.</param>
    /// <param name="cancel">Gives up; some of the updates may have been taken in.</param>
    Task<TwinWrite> ApplyAsync(IReadOnlyList<TwinUpdate> updates, IReadOnlyList<TopicPartitionOffset> progress, CancellationToken cancel);

    /// <summary>How far the log has been read into this store; partitions that it knows nothing of are not in the answer.</summary>
    Task<IReadOnlyDictionary<TopicPartition, long>> FindProgressAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel);

    /// <summary>Notes for partitions that the store knows nothing of that nothing of them has been read. No effect on the others.</summary>
    Task StartProgressAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancel);

    /// <summary>The twin of a vehicle, or null.</summary>
    Task<Twin?> FindAsync(string vin, CancellationToken cancel);

    /// <summary>A page of twins in the order of their VINs.</summary>
    Task<IReadOnlyList<Twin>> ListAsync(TwinQuery query, CancellationToken cancel);
}
