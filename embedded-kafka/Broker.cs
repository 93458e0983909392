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
        Topics = new TopicRegistry(dataDirectory, options.Time, options.Flush, options.Logger, options.MaxProducers, options.MaxPartitions);
        Groups = new GroupCoordinator(Topics, options.Time, options.MaxGroupMembers, options.MaxGroupMemory, options.Logger,
            new ConsumerTiming(options.ConsumerSessionTimeout, options.ConsumerHeartbeatInterval));
        Transactions = new TransactionCoordinator(
            Topics, Groups, new ProducerIds(dataDirectory), options.Time, options.MaxTransactionTimeout, options.Logger, options.MaxTransactionMemory);
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
                Groups.Measure();
                ForEach(Groups.All, Tick, static g => $"group {g.Id}");
                ForEach(Transactions.Open, Transactions.Tick, static t => $"transactional id {t.Id}");
            }),
            RepeatAsync(Options.CleaningInterval, Clean));
    }

    /// <summary>Whether the disk is to blame (it is full, say), which is logged here and told to the client as an error code.</summary>
    public bool IsStorage(Exception exception)
    {
        if (exception is not (IOException or UnauthorizedAccessException))
            return false;
        LogStorage(Options.Logger, exception.Message);
        return true;
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
        ForEach(Groups.All, Groups.Retry, static g => $"group {g.Id}");
        ForEach(Groups.All, g => Groups.Expire(g, Options.OffsetsRetention), static g => $"group {g.Id}");
        Transactions.EndOrphans();
        ForEach(Transactions.All, t => Transactions.Expire(t, Options.TransactionalIdExpiration), static t => $"transactional id {t.Id}");
        Topics.ForgetProducers();
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
        catch (Exception e) when (e is ObjectDisposedException || (e is IOException && partition.IsDeleted))
        {
            // Records or the whole topic were deleted meanwhile; what is left has its turn next time.
        }
        catch (Exception e)
        {
            // One partition that cannot be cleaned must not keep the others from it.
            LogCleaningFailed(Options.Logger, e, partition.Name);
        }
    }

    private void Tick(Group group)
    {
        lock (group.Lock)
            Groups.Tick(group);
    }

    /// <summary>Whatever goes wrong with one of them must not keep the others from their turn.</summary>
    private void ForEach<T>(IEnumerable<T> items, Action<T> work, Func<T, string> name)
    {
        foreach (var item in items)
        {
            try
            {
                work(item);
            }
            catch (Exception e)
            {
                LogBackgroundFailure(Options.Logger, e, name(item));
            }
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
                catch (Exception e)
                {
                    // The clock must not stop, whatever happens.
                    LogBackgroundFailure(Options.Logger, e, "the server");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }
}
