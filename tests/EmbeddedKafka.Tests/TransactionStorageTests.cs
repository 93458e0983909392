using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;
using Kappa.Iot.Embedded.Transactions;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>Transactions whose records find no room, on the disk or in memory.</summary>
public sealed class TransactionStorageTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);
    private static readonly TopicPartition First = new("t", 0);
    private static readonly TopicPartition Second = new("t", 1);

    private readonly string _directory = Directory.CreateTempSubdirectory("embedded-kafka-transactions-").FullName;
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly LineLogger _log = new();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void AddPartitions_OnAFullDisk_ChangesNothing()
    {
        using var topics = OpenTopics();
        var partitions = topics.Create("t", 2, TopicConfig.Default)!.Partitions;
        var transactions = OpenTransactions(topics);
        var (_, id, epoch) = transactions.Init("x", Timeout, -1, -1);

        foreach (var partition in (TopicPartition[])[First, Second])
        {
            var before = transactions.Find("x")!.Status;
            using (new FullDisk())
                Assert.Equal(ErrorCode.CoordinatorNotAvailable, transactions.AddPartitions("x", id, epoch, [partition]));
            Assert.Equal(before, transactions.Find("x")!.Status);
            Assert.Equal(ErrorCode.InvalidTxnState, Append(partitions[partition.Partition], id, epoch));

            Assert.Equal(ErrorCode.None, transactions.AddPartitions("x", id, epoch, [partition]));
            Assert.Equal(ErrorCode.None, Append(partitions[partition.Partition], id, epoch));
        }

        Assert.Equal(ErrorCode.None, transactions.End("x", id, epoch, commit: true));
        Assert.All(partitions, p => Assert.Single(p.ReadCommitted()));
    }

    [Fact]
    public void AddPartitions_OfATopicThatWasMadeAnew_LetsTheProducerWrite()
    {
        using var topics = OpenTopics();
        topics.Create("t", 1, TopicConfig.Default);
        var transactions = OpenTransactions(topics);
        var (_, id, epoch) = transactions.Init("x", Timeout, -1, -1);
        Assert.Equal(ErrorCode.None, transactions.AddPartitions("x", id, epoch, [First]));
        topics.Delete("t");
        var anew = topics.Create("t", 1, TopicConfig.Default)!.Partitions[0];

        Assert.Equal(ErrorCode.None, transactions.AddPartitions("x", id, epoch, [First]));
        Assert.Equal(ErrorCode.None, Append(anew, id, epoch));
        Assert.Equal(ErrorCode.None, transactions.End("x", id, epoch, commit: true));
        Assert.Single(anew.ReadCommitted());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Init_OnAFullDisk_LeavesTheProducerThatHasTheIdAlone(bool ongoing)
    {
        using var topics = OpenTopics();
        var log = topics.Create("t", 1, TopicConfig.Default)!.Partitions[0];
        var transactions = OpenTransactions(topics);
        var (_, id, epoch) = transactions.Init("x", Timeout, -1, -1);
        if (ongoing)
            Assert.Equal(ErrorCode.None, transactions.AddPartitions("x", id, epoch, [First]));

        using (new FullDisk())
            Assert.Equal(ErrorCode.CoordinatorNotAvailable, transactions.Init("x", Timeout * 2, -1, -1).Error);

        Assert.Equal(Timeout, transactions.Find("x")!.Status.Timeout);
        Assert.Equal(ErrorCode.None, transactions.AddPartitions("x", id, epoch, [First]));
        Assert.Equal(ErrorCode.None, Append(log, id, epoch));
        Assert.Equal(ErrorCode.None, transactions.End("x", id, epoch, commit: true));
        Assert.Equal((ErrorCode.None, id, (short)(epoch + 1)), transactions.Init("x", Timeout, -1, -1));
    }

    [Fact]
    public void Init_OfANewIdOnAFullDisk_GivesNothingAway()
    {
        using var topics = OpenTopics();
        var transactions = OpenTransactions(topics);
        transactions.Init("reserves producer ids", Timeout, -1, -1);

        using (new FullDisk())
            Assert.Equal((ErrorCode.CoordinatorNotAvailable, -1L, (short)-1), transactions.Init("x", Timeout, -1, -1));

        Assert.Equal(ErrorCode.InvalidProducerIdMapping, transactions.AddPartitions("x", -1, -1, [First]));
        var (error, _, epoch) = transactions.Init("x", Timeout, -1, -1);
        Assert.Equal((ErrorCode.None, (short)0), (error, epoch));
    }

    /// <summary>It writes four times: the decision, the marker, that it is complete, and the new start.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Init_ThatAFullDiskCutShort_IsRepeatedWithTheSameProducerAndRaisesTheEpochOnce(int writes)
    {
        using var topics = OpenTopics();
        var log = topics.Create("t", 1, TopicConfig.Default)!.Partitions[0];
        var transactions = OpenTransactions(topics);
        var (_, id, epoch) = transactions.Init("x", Timeout, -1, -1);
        transactions.AddPartitions("x", id, epoch, [First]);
        Append(log, id, epoch);

        using (new FullDisk(writes))
            Assert.Equal(ErrorCode.CoordinatorNotAvailable, transactions.Init("x", Timeout, id, epoch).Error);

        Assert.Equal((ErrorCode.None, id, (short)(epoch + 1)), transactions.Init("x", Timeout, id, epoch));
        Assert.Equal((ErrorCode.None, id, (short)(epoch + 1)), transactions.Init("x", Timeout, id, epoch));
        Assert.Equal(log.EndOffset, log.LastStableOffset);
        Assert.Empty(log.ReadCommitted());
    }

    [Fact]
    public void Transactional_ids_beyond_the_memory_are_turned_away_until_others_go()
    {
        const long Room = 2_200; // three quarters for ids: three; the rest for one partition
        using var topics = OpenTopics();
        topics.Create("t", 20, TopicConfig.Default);
        var transactions = OpenTransactions(topics, Room);
        var (_, id, epoch) = transactions.Init("a", Timeout, -1, -1);
        Assert.Equal(ErrorCode.None, transactions.Init("b", Timeout, -1, -1).Error);
        Assert.Equal(ErrorCode.None, transactions.Init("c", Timeout, -1, -1).Error);
        for (var i = 0; i < 10; i++)
            Assert.Equal((ErrorCode.CoordinatorNotAvailable, -1L, (short)-1), transactions.Init($"d{i}", Timeout, -1, -1));
        Assert.Contains("maxTransactionMemory", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.Equal(3, transactions.All.Count());

        // Those that are there go on, as far as their partitions fit.
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(ErrorCode.None, transactions.AddPartitions("a", id, epoch, [First]));
            Assert.Equal(ErrorCode.CoordinatorNotAvailable, transactions.AddPartitions("a", id, epoch, [.. Enumerable.Range(0, 20).Select(i => new TopicPartition("t", i))]));
            Assert.Equal([First], transactions.Find("a")!.Status.Partitions);
            Assert.Equal(ErrorCode.None, transactions.End("a", id, epoch, commit: true));
        }

        _clock.Advance(TimeSpan.FromDays(1));
        transactions.Init("a", Timeout, -1, -1);
        foreach (var transaction in transactions.All)
            transactions.Expire(transaction, TimeSpan.FromHours(1));
        Assert.Equal(ErrorCode.None, transactions.Init("d", Timeout, -1, -1).Error);
        Assert.Equal(ErrorCode.None, transactions.Init("e", Timeout, -1, -1).Error);

        // What is read back counts as well.
        var again = OpenTransactions(topics, Room);
        Assert.Equal(["a", "d", "e"], again.All.Select(t => t.Id).Order());
        Assert.Equal(ErrorCode.CoordinatorNotAvailable, again.Init("f", Timeout, -1, -1).Error);
        Assert.Equal(ErrorCode.None, again.Init("a", Timeout, -1, -1).Error);
    }

    [Fact]
    public void Open_HoldsWhatTheClockHasToLookAt()
    {
        using var topics = OpenTopics();
        topics.Create("t", 2, TopicConfig.Default);
        var transactions = OpenTransactions(topics);
        var producers = ((string[])["idle", "runs", "ends"]).ToDictionary(name => name, name => transactions.Init(name, Timeout, -1, -1));
        Assert.Empty(transactions.Open);
        foreach (var name in (string[])["runs", "ends"])
            Assert.Equal(ErrorCode.None, transactions.AddPartitions(name, producers[name].ProducerId, producers[name].Epoch, [First]));
        Assert.Equal(["ends", "runs"], transactions.Open.Select(t => t.Id).Order());

        Assert.Equal(ErrorCode.None, transactions.End("ends", producers["ends"].ProducerId, producers["ends"].Epoch, commit: true));
        Assert.Equal(["runs"], transactions.Open.Select(t => t.Id));
        Assert.Equal(["runs"], OpenTransactions(topics).Open.Select(t => t.Id));
    }

    /// <param name="writes">With none the transaction stays open, with one it is decided and its marker is missing.</param>
    [Theory]
    [InlineData(0, TransactionState.Ongoing)]
    [InlineData(1, TransactionState.PrepareAbort)]
    public void Tick_OnAFullDisk_LogsTheFirstFailureAndTheEnd(int writes, object state)
    {
        using var topics = OpenTopics();
        var log = topics.Create("t", 1, TopicConfig.Default)!.Partitions[0];
        var transactions = OpenTransactions(topics);
        var (_, id, epoch) = transactions.Init("x", Timeout, -1, -1);
        transactions.AddPartitions("x", id, epoch, [First]);
        Append(log, id, epoch);
        _clock.Advance(Timeout * 2);

        using (new FullDisk(writes))
        {
            for (var i = 0; i < 50; i++)
                Tick();
        }

        Assert.Single(_log.Lines, line => line.StartsWith($"Error: The transaction of x stays {state}", StringComparison.Ordinal));
        Assert.Equal(1 + writes, _log.Lines.Count);

        for (var i = 0; i < 50; i++)
            Tick();
        Assert.Equal(TransactionState.CompleteAbort, transactions.Find("x")!.Status.State);
        Assert.Equal(log.EndOffset, log.LastStableOffset);
        Assert.Single(_log.Lines, line => line.StartsWith("Information: The transaction of x could be written again", StringComparison.Ordinal));
        Assert.Single(_log.Lines, line => line.StartsWith("Warning: The transaction of x (producer", StringComparison.Ordinal));
        Assert.Equal(3, _log.Lines.Count);

        void Tick()
        {
            foreach (var transaction in transactions.Open)
                transactions.Tick(transaction);
        }
    }

    [Fact]
    public void Load_OnAFullDisk_KeepsWhatNobodyOwnsUntilItCanBeRolledBack()
    {
        (long Id, short Epoch) x;
        using (var topics = OpenTopics())
        {
            var partition = topics.Create("t", 1, TopicConfig.Default)!.Partitions[0];
            var (_, id, epoch) = OpenTransactions(topics).Init("x", Timeout, -1, -1);
            x = (id, epoch);
            partition.BeginTransaction(id, epoch);
            Assert.Equal(ErrorCode.None, Append(partition, id, epoch));
        }

        using var again = OpenTopics();
        var log = again.FindPartition("t", 0)!;
        TransactionCoordinator transactions;
        using (new FullDisk())
        {
            transactions = OpenTransactions(again);
            for (var i = 0; i < 10; i++)
                transactions.EndOrphans();
        }

        Assert.StartsWith("Error: 1 transactions", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.Equal(0, log.LastStableOffset);

        // A transaction that began now would end with the orphan.
        Assert.Equal(ErrorCode.ConcurrentTransactions, transactions.AddPartitions("x", x.Id, x.Epoch, [First]));
        transactions.EndOrphans();
        Assert.Equal(log.EndOffset, log.LastStableOffset);
        Assert.Empty(log.ReadCommitted());

        Assert.Equal(ErrorCode.None, transactions.AddPartitions("x", x.Id, x.Epoch, [First]));
        Assert.Equal(ErrorCode.None, Append(log, x.Id, x.Epoch));
        transactions.EndOrphans();
        Assert.Equal(ErrorCode.None, transactions.End("x", x.Id, x.Epoch, commit: true));
        Assert.Single(log.ReadCommitted());
    }

    private static ErrorCode Append(PartitionLog log, long producerId, short epoch) =>
        log.AppendTransactional(RecordBatchBuilder.Build([([1], [1])], 1, producerId, epoch, transactional: true)).Error;

    private TopicRegistry OpenTopics()
    {
        var topics = new TopicRegistry(_directory, _clock, flush: false, NullLogger.Instance);
        topics.Open();
        return topics;
    }

    private TransactionCoordinator OpenTransactions(TopicRegistry topics, long maxMemory = long.MaxValue)
    {
        var groups = new GroupCoordinator(topics, _clock);
        groups.Load();
        var transactions = new TransactionCoordinator(topics, groups, new ProducerIds(_directory), _clock, TimeSpan.FromMinutes(15), _log, maxMemory);
        transactions.Load();
        return transactions;
    }
}
