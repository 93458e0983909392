using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;
using Kappa.Iot.Embedded.Transactions;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>Offsets in open transactions whose topic or group goes.</summary>
public sealed class PendingOffsetTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);
    private static readonly TopicPartition Gone = new("gone", 0);
    private static readonly TopicPartition Stays = new("stays", 0);

    private readonly string _directory = Directory.CreateTempSubdirectory("embedded-kafka-pending-").FullName;
    private readonly LineLogger _log = new();
    private TopicRegistry _topics = null!;
    private GroupCoordinator _groups = null!;
    private TransactionCoordinator _transactions = null!;

    public PendingOffsetTests()
    {
        Open();
        _topics.Create("gone", 1, TopicConfig.Default);
        _topics.Create("stays", 1, TopicConfig.Default);
    }

    public void Dispose()
    {
        _topics.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void TopicDeleted_WhileATransactionIsOpen_DropsItsOffsetsForThatTopicOnly(bool restartBeforeCommit, bool again)
    {
        var (_, id, epoch) = _transactions.Init("x", Timeout, -1, -1);
        Assert.Equal(ErrorCode.None, _transactions.AddOffsets("x", id, epoch));
        Assert.Equal(ErrorCode.None, Commit(Gone, 40, id, epoch));
        Assert.Equal(ErrorCode.None, Commit(Stays, 7, id, epoch));
        Recreate();
        if (again)
            Assert.Equal(ErrorCode.None, Commit(Gone, 3, id, epoch)); // for the new topic
        if (restartBeforeCommit)
            Restart();

        Assert.Equal(ErrorCode.None, _transactions.End("x", id, epoch, commit: true));
        Check();
        Restart();
        Check();

        void Check()
        {
            var offsets = _groups.Find("g")!.Offsets.ToDictionary(o => o.Key, o => o.Value.Offset);
            Assert.Equal(again ? 3 : -1, offsets.GetValueOrDefault(Gone, -1));
            Assert.Equal(7, offsets[Stays]);
            Assert.Empty(_groups.Find("g")!.PendingOffsets);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TopicDeleted_OfAllThatAGroupHas_LeavesNothingOfIt(bool restartBeforeCommit)
    {
        var (_, id, epoch) = _transactions.Init("x", Timeout, -1, -1);
        _transactions.AddOffsets("x", id, epoch);
        Assert.Equal(ErrorCode.None, Commit(Gone, 40, id, epoch));
        Recreate();
        Assert.Empty(_groups.Find("g")!.PendingOffsets);
        if (restartBeforeCommit)
            Restart();
        Assert.Equal(ErrorCode.None, _transactions.End("x", id, epoch, commit: true));
        Assert.True(_groups.Find("g") is not { Offsets.Count: > 0 });
        Restart();
        Assert.Null(_groups.Find("g"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Delete_OfAGroupWithAnOpenTransaction_IsNotUndoneByItsCommit(bool restartBeforeCommit)
    {
        var (_, id, epoch) = _transactions.Init("x", Timeout, -1, -1);
        _transactions.AddOffsets("x", id, epoch);
        Assert.Equal(ErrorCode.None, Commit(Stays, 40, id, epoch));
        Assert.Equal(ErrorCode.None, _groups.Delete("g"));
        if (restartBeforeCommit)
            Restart();
        Assert.Equal(ErrorCode.None, _transactions.End("x", id, epoch, commit: true));
        Assert.Null(_groups.Find("g"));
        Restart();
        Assert.Null(_groups.Find("g"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TopicDeleted_OnAFullDisk_IsInForceAtOnceAndInTheLogWithTheNextCommit(bool transactional)
    {
        Assert.Equal(ErrorCode.None, Commit(Gone, 40, -1, -1));
        Assert.Equal(ErrorCode.None, Commit(Stays, 7, -1, -1));
        var (_, id, epoch) = transactional ? _transactions.Init("x", Timeout, -1, -1) : (ErrorCode.None, -1, (short)-1);
        if (transactional)
            Assert.Equal(ErrorCode.None, _transactions.AddOffsets("x", id, epoch));
        Assert.True(_topics.Delete("gone"));
        using (new FullDisk())
            _groups.TopicDeleted("gone");
        Assert.Equal([Stays], _groups.Find("g")!.Offsets.Keys);

        Assert.NotNull(_topics.Create("gone", 1, TopicConfig.Default));
        using (new FullDisk())
            Assert.Equal(ErrorCode.CoordinatorNotAvailable, Commit(Stays, 8, id, epoch));
        Assert.StartsWith("Error: Group g: the offsets of 1 partitions", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.Equal(ErrorCode.None, Commit(Stays, 9, id, epoch));
        if (transactional)
            Assert.Equal(ErrorCode.None, _transactions.End("x", id, epoch, commit: true));
        Restart();
        Assert.Equal([(Stays, 9L)], _groups.Find("g")!.Offsets.Select(o => (o.Key, o.Value.Offset)));
    }

    [Fact]
    public void Retry_AfterATopicWasDeletedOnAFullDisk_TakesItsOffsetsOutOfTheLog()
    {
        Assert.Equal(ErrorCode.None, Commit(Gone, 40, -1, -1));
        Assert.True(_topics.Delete("gone"));
        using (new FullDisk())
        {
            _groups.TopicDeleted("gone");
            _groups.Retry(_groups.Find("g")!);
            Assert.Equal(ErrorCode.CoordinatorNotAvailable, _groups.Delete("g")); // with the group, nobody would try again
        }

        _groups.Retry(_groups.Find("g")!);
        Assert.Equal(["Error", "Information"], _log.Lines.Select(l => l.Split(':')[0]));
        Assert.NotNull(_topics.Create("gone", 1, TopicConfig.Default));
        Restart();
        Assert.Null(_groups.Find("g"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Load_OfOffsetsWhoseTopicIsGone_ForgetsThem(bool pending)
    {
        var (_, id, epoch) = _transactions.Init("x", Timeout, -1, -1);
        Assert.Equal(ErrorCode.None, _transactions.AddOffsets("x", id, epoch));
        Assert.Equal(ErrorCode.None, pending ? Commit(Gone, 40, id, epoch) : Commit(Gone, 40, -1, -1));
        Assert.Equal(ErrorCode.None, Commit(Stays, 7, -1, -1));
        Assert.True(_topics.Delete("gone")); // and there the server is killed
        Restart();
        Assert.NotNull(_topics.Create("gone", 1, TopicConfig.Default));
        Assert.Equal(ErrorCode.None, _transactions.End("x", id, epoch, commit: true));
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal([Stays], _groups.Find("g")!.Partitions);
            Restart();
        }
    }

    private ErrorCode Commit(TopicPartition partition, long offset, long producerId, short epoch) =>
        _groups.Commit(_groups.GetOrAdd("g"), [(partition, new CommittedOffset(offset, -1, "", 1, -1))], producerId, epoch);

    private void Recreate()
    {
        Assert.True(_topics.Delete("gone"));
        _groups.TopicDeleted("gone");
        Assert.NotNull(_topics.Create("gone", 1, TopicConfig.Default));
    }

    private void Restart()
    {
        _topics.Dispose();
        Open();
    }

    private void Open()
    {
        _topics = new TopicRegistry(_directory, TimeProvider.System, flush: false, NullLogger.Instance);
        _topics.Open();
        _groups = new GroupCoordinator(_topics, TimeProvider.System, logger: _log);
        _groups.Load();
        _transactions = new TransactionCoordinator(
            _topics, _groups, new ProducerIds(_directory), TimeProvider.System, TimeSpan.FromMinutes(15), NullLogger.Instance);
        _transactions.Load();
    }
}
