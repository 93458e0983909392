using System.Runtime.ExceptionServices;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Logging.Testing;

namespace Kappa.Iot.Streaming.Tests.Fakes;

/// <summary>
/// A transactional consumer on a log in memory and a fake clock, all on one thread. Each record becomes "value:count so far in its partition",
/// and a restored processor counts what is written: a record that is lost, doubled or out of order changes everything after it.
/// </summary>
internal sealed class Scenario : IPartitionProcessorFactory, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private ExceptionDispatchInfo? _failed;

    public Scenario(params int[] partitions)
    {
        Log = new FakeLog(Clock) { Given = partitions };
        Meters = new FakeMeters(Clock);
    }

    public FakeClock Clock { get; } = new();

    public FakeLog Log { get; }

    public FakeMeters Meters { get; }

    public FakeLogger Said { get; } = new();

    public TransactionalConsumerOptions Options { get; set; } = new() { Topic = FakeLog.Input, GroupId = "group", Instance = "one", Parallelism = 1 };

    /// <summary>What processors were given, in the order they were.</summary>
    public List<(TimeSpan At, int Partition, string[] Values)> Batches { get; } = [];

    /// <summary>What was asked to be restored, and when.</summary>
    public List<(TimeSpan At, Dictionary<int, long> Next)> Restores { get; } = [];

    /// <summary>Partitions whose processors were thrown away, in the order they were.</summary>
    public List<int> Left { get; } = [];

    /// <summary>Happens at each record that is processed.</summary>
    public Action<string>? OnRecord { get; set; }

    /// <summary>What a partition's processor writes when one of its records is put aside.</summary>
    public Func<string, string?>? OnSkip { get; set; }

    /// <summary>Happens in the middle of the processing of a batch.</summary>
    public Action<int>? OnProcess { get; set; }

    /// <summary>What processors have to write though no record comes, by partition: each of it once.</summary>
    public Dictionary<int, List<string>> Due { get; } = [];

    /// <summary>When processors were asked whether they have something to do, and of which partitions.</summary>
    public List<(TimeSpan At, int Partition)> Asked { get; } = [];

    /// <summary>Happens when partitions are restored; what it returns is waited for.</summary>
    public Func<IEnumerable<int>, CancellationToken, Task>? OnRestore { get; set; }

    /// <summary>What a partition's processor writes when it is drained.</summary>
    public Func<int, string?>? OnDrain { get; set; }

    /// <summary>What is written where nothing disturbs.</summary>
    public static IEnumerable<string> Counted(params IEnumerable<string> values) => values.Select((value, i) => $"{value}:{i + 1}");

    /// <summary>Something happens, or is looked at, so many seconds after noon.</summary>
    public Scenario At(double seconds, Action happens)
    {
        Clock.At(seconds, () =>
        {
            try
            {
                happens();
            }
            catch (Exception e)
            {
                _failed ??= ExceptionDispatchInfo.Capture(e); // the consumer would take it for its own, and go on
                Stop();
            }
        });
        return this;
    }

    /// <summary>Asks the consumer to stop.</summary>
    public void Stop() => _stop.Cancel();

    /// <summary>Runs the consumer until so many seconds after noon, and waits until it has stopped.</summary>
    public void Run(double seconds)
    {
        Clock.At(seconds, Stop);
        SameThread.Run(() => Consumer().Run(_stop.Token));
        _failed?.Throw();
    }

    /// <summary>Runs the consumer until it is stopped, on threads of its own as it does elsewhere.</summary>
    public Task RunAsync() => Consumer().RunAsync(_stop.Token);

    /// <summary>What was said at a level of warning or above.</summary>
    public IEnumerable<string> Warnings => Said.Collector.GetSnapshot().Where(record => record.Level >= Microsoft.Extensions.Logging.LogLevel.Warning).Select(record => record.Message);

    public async Task<IReadOnlyDictionary<TopicPartition, IPartitionProcessor>> RestoreAsync(IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancel)
    {
        Restores.Add((Clock.Elapsed, next.ToDictionary(pair => pair.Key.Partition.Value, pair => pair.Value)));
        if (OnRestore?.Invoke(next.Keys.Select(partition => partition.Partition.Value), cancel) is { } restored) await restored;
        return next.Keys.ToDictionary(partition => partition, partition => (IPartitionProcessor)new Counter(this, partition.Partition));
    }

    public void Dispose()
    {
        _stop.Dispose();
        Meters.Dispose();
    }

    private TransactionalConsumer Consumer() => new(new KafkaOptions(), Options, this, Meters.Metrics, Said, Log, Clock);

    private sealed class Counter(Scenario scenario, int partition) : IPartitionProcessor
    {
        private readonly List<string> _due = scenario.Due.GetValueOrDefault(partition, []);
        private int _count = scenario.Log.Written(partition).Count(text => text.Contains(':', StringComparison.Ordinal));
        private int _done = scenario.Log.Written(partition).Count(text => !text.Contains(':', StringComparison.Ordinal));
        private bool _left;

        public bool HasWork
        {
            get
            {
                Assert.False(_left, "It was thrown away.");
                scenario.Asked.Add((scenario.Clock.Elapsed, partition));
                return _done < _due.Count;
            }
        }

        public void Process(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, TransactionOutput output)
        {
            lock (scenario.Batches) scenario.Batches.Add((scenario.Clock.Elapsed, partition, [.. records.Select(Tests.Log.Text)]));
            foreach (var record in records)
            {
                scenario.OnRecord?.Invoke(Tests.Log.Text(record));
                Write(output, $"{Tests.Log.Text(record)}:{++_count}");
            }

            while (_done < _due.Count) Write(output, _due[_done++]);
            scenario.OnProcess?.Invoke(partition);
        }

        public void Skip(ConsumeResult<byte[], byte[]> record, TransactionOutput output)
        {
            if (scenario.OnSkip?.Invoke(Tests.Log.Text(record)) is { } text) Write(output, text);
        }

        public void Drain(TransactionOutput output)
        {
            if (scenario.OnDrain?.Invoke(partition) is { } text) Write(output, text);
        }

        public void Left()
        {
            _left = true;
            scenario.Left.Add(partition);
        }

        private void Write(TransactionOutput output, string text) =>
            output.Add(new TopicPartition(FakeLog.Output, partition), new Message<byte[], byte[]> { Value = System.Text.Encoding.UTF8.GetBytes(text) });
    }
}
