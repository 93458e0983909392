using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Tests.Properties;
using Kappa.Iot.Embedded.Topics;
using Microsoft.Extensions.Time.Testing;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>How many producers all partitions together remember.</summary>
public sealed class ProducerLimitTests : IDisposable
{
    private const int Max = 1000;

    private readonly string _directory = Directory.CreateTempSubdirectory("embedded-kafka-producers-").FullName;
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private readonly LineLogger _log = new();
    private TopicRegistry _topics;

    public ProducerLimitTests() => _topics = Open();

    public void Dispose()
    {
        _topics.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    [Trait("Invariant", "2")]
    public void Made_up_producers_in_many_partitions_take_no_more_than_the_limit_and_nothing_that_is_open()
    {
        var logs = _topics.Create("t", 20, TopicConfig.Default)!.Partitions;
        logs[0].BeginTransaction(1, 0);
        Assert.Equal(ErrorCode.None, logs[0].AppendTransactional(RecordBatchBuilder.Build([([1], [1])], 1, 1, 0, transactional: true)).Error);
        for (var id = 10; id < 310; id++)
        {
            foreach (var log in logs)
                Append(log, id);
            Assert.InRange(Count(logs), 0, Max + logs.Count);
        }

        Assert.InRange(Count(logs), Max / 2, Max + logs.Count);
        Assert.Equal([(1L, (short)0)], logs[0].OpenTransactions());
        logs[0].EndTransaction(1, 0, commit: true);

        // A producer that has just written is known wherever it did.
        Assert.All(logs, log => Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, log.Append(Batch(309, sequence: 7)).Error));
    }

    [Fact]
    [Trait("Invariant", "2")]
    public void ForgetProducers_WhenTheLimitIsNear_TakesThoseThatWereSilentForLongestWhateverTheirPartition()
    {
        var logs = _topics.Create("t", 2, TopicConfig.Default)!.Partitions;
        logs[0].BeginTransaction(1, 0);
        for (var id = 10; id < 410; id++)
            Append(logs[0], id);
        _topics.ForgetProducers();
        Assert.Equal(401, Count(logs));

        _clock.Advance(TimeSpan.FromMinutes(1));
        for (var id = 1000; id < 1510; id++)
            Append(logs[1], id);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Append(logs[0], 10, sequence: 1);
        _topics.ForgetProducers();
        Assert.Equal(0.8 * Max, Count(logs));
        Assert.Equal(510, Count([logs[1]]));
        Assert.NotNull(logs[0].ReadProducers(p => p.Find(10)));
        Assert.NotNull(logs[0].ReadProducers(p => p.Find(1)));
        Assert.Contains("maxProducers", Assert.Single(_log.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_deleted_or_read_back_counts_as_it_should()
    {
        for (var round = 0; round < 5; round++)
        {
            var log = _topics.Create("t", 1, TopicConfig.Default)!.Partitions[0];
            for (var id = 0; id < 800; id++)
                Append(log, id);
            _topics.ForgetProducers();
            Assert.Equal(800, Count([log]));
            Assert.True(_topics.Delete("t"));
            log.BeginTransaction(5, 0); // by a coordinator that comes late
            Assert.Equal(0, Count([log]));
        }

        var kept = _topics.Create("kept", 1, TopicConfig.Default)!.Partitions[0];
        for (var id = 0; id < 950; id++)
            Append(kept, id);
        _topics.Dispose();
        _topics = Open();
        kept = _topics.FindPartition("kept", 0)!;
        Assert.Equal(950, Count([kept]));
        _topics.ForgetProducers();
        Assert.Equal(0.8 * Max, Count([kept]));
    }

    [Fact]
    [Trait("Invariant", "2")]
    public void Open_WithMoreThanTheLimitOnTheDisk_ForgetsThoseThatWereSilentForLongestWhateverTheirPartition()
    {
        _topics.Dispose();
        _topics = Open(int.MaxValue);
        var logs = _topics.Create("t", 20, TopicConfig.Default)!.Partitions;
        for (var id = 0; id < 100; id++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            foreach (var log in logs)
                Append(log, id);
        }

        _topics.Close(checkpoint: true);
        _topics = Open();
        logs = _topics.Find("t")!.Partitions;
        Assert.Equal(0.8 * Max, Count(logs));
        Assert.All(logs, log => Assert.Equal(Enumerable.Range(60, 40).Select(id => (long)id), log.ReadProducers(p => p.All.Select(x => x.ProducerId).Order().ToList())));
    }

    private static int Count(IEnumerable<PartitionLog> logs) => logs.Sum(log => log.ReadProducers(p => p.All.Count));

    private static void Append(PartitionLog log, long producerId, int sequence = 0) => Assert.Equal(ErrorCode.None, log.Append(Batch(producerId, sequence)).Error);

    private static byte[] Batch(long producerId, int sequence) => TestBatch.Make([("k", "v", 1)], producerId, 0, sequence, false, CompressionType.None);

    private TopicRegistry Open(int max = Max)
    {
        var topics = new TopicRegistry(_directory, _clock, flush: false, _log, max);
        topics.Open();
        return topics;
    }
}
