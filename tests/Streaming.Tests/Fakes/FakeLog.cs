using Confluent.Kafka;

namespace Kappa.Iot.Streaming.Tests.Fakes;

/// <summary>
/// A log in memory with one group of readers: records of open transactions are not read, those of aborted ones never are, each end of a
/// transaction takes an offset of its own, and offsets belong to the transaction that they were sent to. What it does next can be made to fail.
/// </summary>
internal sealed class FakeLog(FakeClock clock) : LogClients
{
    public const string Input = "input";
    public const string Output = "output";
    public const string DeadLetters = "dead-letters";
    private readonly Dictionary<TopicPartition, List<Entry>> _entries = [];
    private readonly Dictionary<TopicPartition, long> _committed = [];
    private readonly Dictionary<(Step, bool After), Queue<Exception>> _failures = [];
    private readonly Queue<Action<FakeConsumer>> _changes = new();
    private readonly Lock _gate = new();

    public FakeClock Clock => clock;

    /// <summary>The partitions of the input that a reader is given when it joins.</summary>
    public IReadOnlyList<int> Given { get; set; } = [0];

    /// <summary>Rises with every change of who has which partition; who has an old one may commit nothing.</summary>
    public int Generation { get; private set; } = 1;

    /// <summary>Rises whenever somebody takes over the producer's name; who has an old one may write nothing.</summary>
    public int Epoch { get; private set; }

    /// <summary>How many producers were made.</summary>
    public int Producers { get; private set; }

    /// <summary>How many readers were made.</summary>
    public int Consumers { get; private set; }

    /// <summary>What each transaction that was committed wrote, in their order.</summary>
    public List<string[]> Transactions { get; } = [];

    /// <summary>How many records were given out, by partition.</summary>
    public Dictionary<int, int> Taken { get; } = [];

    /// <summary>Happens when somebody asks what the group has committed.</summary>
    public Action? OnAsked { get; set; }

    /// <summary>The group's reader that is open.</summary>
    public FakeConsumer? Reader { get; set; }

    public override ConsumerBuilder<byte[], byte[]> Consumer(ConsumerConfig config)
    {
        Consumers++;
        return new FakeConsumer.Builder(this, config);
    }

    public override ProducerBuilder<byte[], byte[]> Producer(ProducerConfig config)
    {
        Producers++;
        return new FakeProducer.Builder(this, config);
    }

    /// <summary>Somebody writes to the input, now.</summary>
    public void Write(int partition, params IEnumerable<string> values)
    {
        foreach (var value in values) Append(new TopicPartition(Input, partition), value, null);
    }

    /// <summary>Somebody writes to the input in a transaction, and commits or aborts it: its mark is at the end of the partition then.</summary>
    public void WriteInTransaction(int partition, bool commit, params IEnumerable<string> values)
    {
        var transaction = new object();
        foreach (var value in values) Append(new TopicPartition(Input, partition), value, transaction);
        End(transaction, commit);
    }

    /// <summary>What can be read of a partition of the output.</summary>
    public List<string> Written(int partition)
    {
        lock (_gate) return [.. EntriesOf(new TopicPartition(Output, partition)).Where(entry => entry.State == State.Committed).Select(entry => entry.Value)];
    }

    /// <summary>What can be read of the dead letters, as they were written.</summary>
    public List<Message<byte[], byte[]>> PutAside =>
        [.. _entries.Where(pair => pair.Key.Topic == DeadLetters).SelectMany(pair => pair.Value).Where(entry => entry.State == State.Committed).Select(entry => entry.Message!)];

    /// <summary>What the group has committed for a partition of the input; null where nothing.</summary>
    public long? Committed(int partition) => _committed.TryGetValue(new TopicPartition(Input, partition), out var offset) ? offset : null;

    public Offset Committed(TopicPartition partition) => _committed.TryGetValue(partition, out var offset) ? offset : Offset.Unset;

    public void Commit(TopicPartitionOffset offset) => _committed[offset.TopicPartition] = offset.Offset;

    /// <summary>A step fails, so many times; after it was done, where only the answer gets lost.</summary>
    public void Fail(Step step, Exception failure, int times = 1, bool after = false)
    {
        if (!_failures.TryGetValue((step, after), out var queue)) _failures[(step, after)] = queue = new Queue<Exception>();
        for (var i = 0; i < times; i++) queue.Enqueue(failure);
    }

    public void Try(Step step, bool after = false)
    {
        if (_failures.TryGetValue((step, after), out var failures) && failures.TryDequeue(out var failure)) throw failure;
    }

    /// <summary>The group gives the reader partitions, next time it reads.</summary>
    public void Assign(params int[] partitions) => _changes.Enqueue(reader => reader.Assigned(partitions));

    /// <summary>The group asks for partitions back, next time the reader reads.</summary>
    public void Revoke(params int[] partitions) => _changes.Enqueue(reader => reader.Revoked(partitions));

    /// <summary>The group has given partitions to somebody else, who goes by a new generation at once; the reader hears of it next time it reads.</summary>
    public void Lose(params int[] partitions)
    {
        Generation++;
        _changes.Enqueue(reader => reader.Lost(partitions));
    }

    /// <summary>Another process takes over the name of the producer: what is open is aborted.</summary>
    public int Fence()
    {
        foreach (var open in _entries.Values.SelectMany(entries => entries).Where(entry => entry.State == State.Open).Select(entry => entry.Transaction!).Distinct().ToList())
            End(open, commit: false);
        return ++Epoch;
    }

    public bool TakeChange(FakeConsumer reader)
    {
        if (!_changes.TryDequeue(out var change)) return false;
        change(reader);
        return true;
    }

    public void Append(TopicPartition to, string value, object? transaction, Message<byte[], byte[]>? message = null)
    {
        lock (_gate) EntriesOf(to).Add(new Entry(value, clock.GetUtcNow(), transaction) { Message = message, State = transaction is null ? State.Committed : State.Open });
    }

    public void End(object transaction, bool commit)
    {
        var written = new List<string>();
        foreach (var entries in _entries.OrderBy(pair => pair.Key.Partition.Value).Select(pair => pair.Value))
        {
            var own = entries.Where(entry => entry.Transaction == transaction && entry.State == State.Open).ToList();
            if (own.Count == 0) continue;
            foreach (var entry in own) entry.State = commit ? State.Committed : State.Aborted;
            entries.Add(new Entry("", clock.GetUtcNow(), null) { State = State.Mark });
            written.AddRange(own.Select(entry => entry.Value));
        }

        if (commit) Transactions.Add([.. written]);
    }

    /// <summary>Where a partition ends for who reads what is committed.</summary>
    public long EndOf(TopicPartition partition)
    {
        var open = EntriesOf(partition).FindIndex(entry => entry.State == State.Open);
        return open < 0 ? EntriesOf(partition).Count : open;
    }

    /// <summary>The first record from an offset on that can be read, and its offset; null where there is none.</summary>
    public (long Offset, Message<byte[], byte[]> Message)? Next(TopicPartition partition, long from)
    {
        var entries = EntriesOf(partition);
        for (var offset = (int)from; offset < EndOf(partition); offset++)
        {
            if (entries[offset].State != State.Committed) continue;
            return (offset, new Message<byte[], byte[]> { Value = System.Text.Encoding.UTF8.GetBytes(entries[offset].Value), Timestamp = new Timestamp(entries[offset].Time) });
        }

        return null;
    }

    private List<Entry> EntriesOf(TopicPartition partition) =>
        _entries.TryGetValue(partition, out var entries) ? entries : _entries[partition] = [];

    private enum State { Open, Committed, Aborted, Mark }

    private sealed record Entry(string Value, DateTimeOffset Time, object? Transaction)
    {
        /// <summary>What a producer wrote it as.</summary>
        public Message<byte[], byte[]>? Message { get; init; }

        public required State State { get; set; }
    }
}
