using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;
using Kappa.Iot.Embedded.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Embedded.Tests;

public sealed class ExpirationTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("embedded-kafka-expiration-").FullName;
    private readonly Clock _clock = new();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_group_without_members_loses_its_offsets_after_the_retention_and_stays_away_after_a_restart()
    {
        using (var topics = OpenTopics())
        {
            topics.Create("t", 1, TopicConfig.Default);
            var groups = OpenGroups(topics);
            Assert.Equal(ErrorCode.None, Commit(groups, "old"));
            _clock.Pass(TimeSpan.FromDays(4));
            Assert.Equal(ErrorCode.None, Commit(groups, "young"));
            _clock.Pass(TimeSpan.FromDays(4));
            foreach (var group in groups.All)
                groups.Expire(group, TimeSpan.FromDays(7));
            Assert.Equal(["young"], groups.All.Select(g => g.Id));
        }

        using var again = OpenTopics();
        Assert.Equal(["young"], OpenGroups(again).All.Select(g => g.Id));
    }

    [Fact]
    public void An_unused_transactional_id_is_forgotten_and_its_producer_is_told()
    {
        (long Id, short Epoch) kept;
        using (var topics = OpenTopics())
        {
            topics.Create("t", 1, TopicConfig.Default);
            var transactions = OpenTransactions(topics);
            var (_, oldId, oldEpoch) = transactions.Init("old", TimeSpan.FromMinutes(1), -1, -1);
            _clock.Pass(TimeSpan.FromDays(4));
            var (_, keptId, keptEpoch) = transactions.Init("kept", TimeSpan.FromMinutes(1), -1, -1);
            kept = (keptId, keptEpoch);
            var (_, openId, openEpoch) = transactions.Init("open", TimeSpan.FromMinutes(1), -1, -1);
            Assert.Equal(ErrorCode.None, transactions.AddPartitions("open", openId, openEpoch, [new("t", 0)]));
            _clock.Pass(TimeSpan.FromDays(4));
            foreach (var transaction in transactions.All)
                transactions.Expire(transaction, TimeSpan.FromDays(7));
            Assert.Equal(["kept", "open"], transactions.All.Select(t => t.Id).Order());
            Assert.Equal(ErrorCode.InvalidProducerIdMapping, transactions.AddPartitions("old", oldId, oldEpoch, [new("t", 0)]));
        }

        using var again = OpenTopics();
        var loaded = OpenTransactions(again);
        Assert.Equal(["kept", "open"], loaded.All.Select(t => t.Id).Order());
        Assert.Equal((ErrorCode.None, kept.Id, (short)(kept.Epoch + 1)), loaded.Init("kept", TimeSpan.FromMinutes(1), -1, -1));
        Assert.Equal(ErrorCode.None, loaded.Init("old", TimeSpan.FromMinutes(1), -1, -1).Error);
    }

    [Fact]
    public void EndIn_OfAHangingTransaction_LetsReadersPast()
    {
        using var topics = OpenTopics();
        var log = topics.Create("t", 1, TopicConfig.Default)!.Partitions[0];
        var transactions = OpenTransactions(topics);
        var (_, id, epoch) = transactions.Init("hanging", TimeSpan.FromMinutes(1), -1, -1);
        transactions.AddPartitions("hanging", id, epoch, [new("t", 0)]);
        Assert.Equal(ErrorCode.None, log.AppendTransactional(RecordBatchBuilder.Build([([1], [1])], 1, id, epoch, true)).Error);
        Assert.Equal(0, log.LastStableOffset);

        Assert.Equal(ErrorCode.UnknownTopicOrPartition, transactions.EndIn(new("t", 1), id, epoch, commit: false));
        Assert.Equal(ErrorCode.InvalidProducerEpoch, transactions.EndIn(new("t", 0), id, (short)(epoch - 1), commit: false));
        Assert.Equal(0, log.LastStableOffset);
        Assert.Equal(ErrorCode.None, transactions.EndIn(new("t", 0), id, epoch, commit: false));
        Assert.Equal(2, log.LastStableOffset);
        Assert.Empty(log.ReadCommitted());
    }

    private TopicRegistry OpenTopics()
    {
        var topics = new TopicRegistry(_directory, _clock, flush: false, NullLogger.Instance);
        topics.Open();
        return topics;
    }

    private GroupCoordinator OpenGroups(TopicRegistry topics)
    {
        var groups = new GroupCoordinator(topics, _clock);
        groups.Load();
        return groups;
    }

    private TransactionCoordinator OpenTransactions(TopicRegistry topics)
    {
        var transactions = new TransactionCoordinator(
            topics, OpenGroups(topics), new ProducerIds(_directory), _clock, TimeSpan.FromMinutes(15), NullLogger.Instance);
        transactions.Load();
        return transactions;
    }

    private ErrorCode Commit(GroupCoordinator groups, string name) =>
        groups.Commit(groups.GetOrAdd(name), [(new("t", 0), new CommittedOffset(5, -1, "", _clock.GetUtcNow().ToUnixTimeMilliseconds(), -1))]);

    private sealed class Clock : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UtcNow;

        public void Pass(TimeSpan time) => _now += time;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
