using System.Net.Security;
using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Network;
using Kappa.Iot.Embedded.Security;
using Kappa.Iot.Embedded.Topics;
using Kappa.Iot.Embedded.Transactions;

namespace Kappa.Iot.Embedded;

/// <summary>Everything behind the network: topics, groups, transactions, and the clock that moves them on.</summary>
internal sealed partial class Broker : IDisposable
{
    public const int NodeId = 1;

    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Bytes that a start after a crash may have to read and check again, and what comes in between two cleanings.</summary>
    private const long CheckpointInterval = 64 * 1024 * 1024;

    private readonly CancellationTokenSource _stop = new();
    private Task _background = Task.CompletedTask;

    public Broker(EmbeddedKafkaOptions options, string dataDirectory)
    {
        Options = options;
        Memory = new MemoryBudget(options.MaxBufferMemory, options.Time);
        Users = new SaslUsers(options.SaslUsers);
        Tls = TlsCertificate.Load(options);
        ClusterId = Embedded.ClusterId.LoadOrCreate(dataDirectory);
        Topics = new TopicRegistry(dataDirectory, options.Time, options.Flush, options.Logger);
        Groups = new GroupCoordinator(Topics, options.Time);
        Transactions = new TransactionCoordinator(
            Topics, Groups, new ProducerIds(dataDirectory), options.Time, options.MaxTransactionTimeout, options.Logger);
    }

    public EmbeddedKafkaOptions Options { get; }

    public string ClusterId { get; }

    /// <summary>What the connections' buffers may take.</summary>
    public MemoryBudget Memory { get; }

    public SaslUsers Users { get; }

    /// <summary>Null without TLS.</summary>
    public SslServerAuthenticationOptions? Tls { get; }

    public TopicRegistry Topics { get; }

    public GroupCoordinator Groups { get; }

    public TransactionCoordinator Transactions { get; }

    /// <summary>Where clients are told to connect to; known once the port is.</summary>
    public string AdvertisedHost { get; set; } = "";

    public int AdvertisedPort { get; set; }

    /// <summary>Reads everything back from disk and starts the clock.</summary>
    public void Start()
    {
        Topics.Open();
        Groups.Load();
        Transactions.Load();
        _background = Task.WhenAll(
            RepeatAsync(TickInterval, () =>
            {
                Groups.Tick();
                Transactions.Tick();
            }),
            RepeatAsync(Options.CleaningInterval, Clean));
    }

    /// <summary>Stops the clock and closes the logs. With <paramref name="checkpoint"/> the next start is quick.</summary>
    public async Task StopAsync(bool checkpoint)
    {
        await _stop.CancelAsync();
        await _background;
        Topics.Close(checkpoint);
    }

    public void Dispose()
    {
        _stop.Dispose();
        Topics.Dispose();
    }

    private void Clean()
    {
        Groups.Expire(Options.OffsetsRetention);
        Transactions.Expire(Options.TransactionalIdExpiration);
        foreach (var topic in Topics.All)
        {
            foreach (var partition in topic.Partitions)
                Clean(partition);
        }
    }

    private void Clean(PartitionLog partition)
    {
        try
        {
            var removed = partition.ApplyRetention(Options.ProducerExpiration);
            if (removed > 0)
                LogRetention(Options.Logger, partition.Name, removed, partition.StartOffset);
            partition.CheckpointActive(CheckpointInterval);
            var won = partition.Settings.Compact ? partition.Compact() : 0;
            if (won > 0)
                LogCompaction(Options.Logger, partition.Name, won);
        }
        catch (ObjectDisposedException)
        {
            // Records or the whole topic were deleted meanwhile; what is left has its turn next time.
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            // One partition that cannot be cleaned must not keep the others from it.
            LogCleaningFailed(Options.Logger, e, partition.Name);
        }
    }

    private async Task RepeatAsync(TimeSpan interval, Action work)
    {
        using var timer = new PeriodicTimer(interval, Options.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    work();
                }
                catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
                {
                    LogBackgroundFailure(Options.Logger, e);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }
}
