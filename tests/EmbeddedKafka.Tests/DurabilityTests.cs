using System.Diagnostics;
using System.Text.RegularExpressions;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Embedded.Tests;

public sealed class DurabilityTests : IDisposable
{
    private const string Strace = "/usr/bin/strace";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("embedded-kafka-durable-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Watches the system calls: what is written to a log has to be forced down before the next answer goes out.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Invariant", "1")]
    public async Task With_flush_nothing_is_acknowledged_before_it_is_on_the_disk(bool flush)
    {
        if (!File.Exists(Strace))
            Assert.Skip($"{Strace} is not there.");

        var trace = Path.Combine(_directory, "trace");
        var data = Path.Combine(_directory, "data");
        string[] server = [typeof(EmbeddedKafka).Assembly.Location, "--port", "0", "--data", data, .. flush ? (string[])["--flush"] : []];
        var start = new ProcessStartInfo(Strace) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in (string[])["-f", "-y", "-s", "0", "-e", "trace=pwrite64,fsync,sendto,sendmsg", "-o", trace, Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", .. server])
            start.ArgumentList.Add(argument);
        start.Environment["KAPPA_STOP_ON_STDIN_CLOSE"] = "true";
        using var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        if (await process.StandardOutput.ReadLineAsync(Cancel) is not { } ready)
        {
            Assert.Skip("strace may not trace here.");
            return;
        }

        await UseAsync(ready.Split(' ')[3].TrimEnd(','));
        process.StandardInput.Close();
        await process.WaitForExitAsync(Cancel);

        var (unsafeAnswers, flushed) = Read(await File.ReadAllLinesAsync(trace, Cancel));
        Assert.Equal(flush, unsafeAnswers == 0);
        if (!flush)
            return;
        Assert.Contains(flushed, f => Regex.IsMatch(f, @"/t-[0-9a-f]{8}/0/0+\.log$"));
        Assert.Contains(flushed, f => Regex.IsMatch(f, @"/t-[0-9a-f]{8}/0$"));
        Assert.Contains(flushed, f => Regex.IsMatch(f, @"/t-[0-9a-f]{8}$"));
        Assert.Contains(flushed, f => Regex.IsMatch(f, @"/topics$"));
        Assert.Contains(flushed, f => Regex.IsMatch(f, @"/__consumer_offsets-[0-9a-f]{8}/0/0+\.log$"));
        Assert.Contains(flushed, f => Regex.IsMatch(f, @"/__transaction_state-[0-9a-f]{8}/0/0+\.log$"));
    }

    [Fact]
    [Trait("Invariant", "1")]
    public async Task A_full_disk_is_told_to_producers_and_readers_go_on_and_nothing_is_torn_or_lost()
    {
        using var disk = SmallDisk.Mount(Path.Combine(_directory, "disk"), megabytes: 8);
        var ballast = Path.Combine(disk.Path, "ballast");
        await File.WriteAllBytesAsync(ballast, new byte[4 << 20], Cancel);
        var options = new EmbeddedKafkaOptions { DataDirectory = Path.Combine(disk.Path, "data") };
        var acknowledged = new List<int>();
        await using (var kafka = await EmbeddedKafka.StartAsync(options, Cancel))
        {
            using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build())
                await admin.CreateTopicsAsync([.. new[] { "t", "gone" }.Select(name => new TopicSpecification { Name = name, NumPartitions = 1, ReplicationFactor = 1 })]);
            using (var impatient = Producer(kafka, c => (c.MessageSendMaxRetries, c.EnableIdempotence) = (0, false)))
            {
                var full = await Assert.ThrowsAsync<ProduceException<int, byte[]>>(() => ProduceAsync(impatient, acknowledged, 0, 1000));
                Assert.Equal(ErrorCode.KafkaStorageError, full.Error.Code);
            }

            Assert.InRange(acknowledged.Count, 20, 999);
            disk.Fill();
            using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build())
            {
                var create = await Assert.ThrowsAsync<CreateTopicsException>(() => admin.CreateTopicsAsync([new TopicSpecification { Name = "u", NumPartitions = 1, ReplicationFactor = 1 }]));
                Assert.Equal(ErrorCode.KafkaStorageError, create.Results[0].Error.Code);
                var add = await Assert.ThrowsAsync<CreatePartitionsException>(() => admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = "t", IncreaseTo = 2 }]));
                Assert.Equal(ErrorCode.KafkaStorageError, add.Results[0].Error.Code);
                var delete = await Assert.ThrowsAsync<DeleteRecordsException>(() => admin.DeleteRecordsAsync([new TopicPartitionOffset("t", 0, 5)]));
                Assert.Equal(ErrorCode.KafkaStorageError, delete.Results[0].Error.Code);
                var topic = new ConfigResource { Type = ResourceType.Topic, Name = "t" };
                var change = new ConfigEntry { Name = "retention.ms", Value = "1000", IncrementalOperation = AlterConfigOpType.Set };
                var alter = await Assert.ThrowsAsync<IncrementalAlterConfigsException>(() => admin.IncrementalAlterConfigsAsync(new() { [topic] = [change] }));
                Assert.Equal(ErrorCode.KafkaStorageError, alter.Results[0].Error.Code);
                Assert.NotEqual("1000", (await admin.DescribeConfigsAsync([topic]))[0].Entries["retention.ms"].Value);
                await admin.DeleteTopicsAsync(["gone"]); // needs no room
            }

            using (var transactional = Producer(kafka, c => c.TransactionalId = "x"))
                Assert.Throws<KafkaRetriableException>(() => transactional.InitTransactions(TimeSpan.FromSeconds(3)));
            Assert.Equal(acknowledged, ReadAll(kafka));
        }

        // Stopped and started with not a byte left.
        var rest = disk.Fill();
        await using (var kafka = await EmbeddedKafka.StartAsync(options, Cancel))
        {
            Assert.Equal(acknowledged, ReadAll(kafka));
            File.Delete(rest);

            using var patient = Producer(kafka, c => c.EnableIdempotence = true);
            var later = ProduceAsync(patient, acknowledged, 1000, 10);
            await Task.Delay(500, Cancel);
            File.Delete(ballast);
            await later;
            using (var transactional = Producer(kafka, c => c.TransactionalId = "x"))
                transactional.InitTransactions(Patience);
            Assert.Equal(acknowledged, ReadAll(kafka));
        }

        await using var again = await EmbeddedKafka.StartAsync(options, Cancel);
        Assert.Equal(acknowledged, ReadAll(again));
    }

    [Fact]
    [Trait("Invariant", "1")]
    public async Task A_full_disk_with_a_transaction_that_nobody_owns_is_no_reason_not_to_start()
    {
        using var disk = SmallDisk.Mount(Path.Combine(_directory, "disk"), megabytes: 8);
        var options = new EmbeddedKafkaOptions { DataDirectory = Path.Combine(disk.Path, "data"), CleaningInterval = TimeSpan.FromSeconds(1) };
        await using (var kafka = await EmbeddedKafka.StartAsync(options, Cancel))
        {
            using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();
            await admin.CreateTopicsAsync([new TopicSpecification { Name = "t", NumPartitions = 1, ReplicationFactor = 1 }]);
        }

        using (var topics = new Topics.TopicRegistry(options.DataDirectory, TimeProvider.System, flush: false, NullLogger.Instance))
        {
            topics.Open();
            var log = topics.FindPartition("t", 0)!;
            log.BeginTransaction(77, 0);

            // A page of the disk to the last byte, so that the marker needs another.
            var other = Orphan(1000).Length - 1000;
            Assert.Equal(Protocol.ErrorCode.None, log.AppendTransactional(Orphan(4096 - other)).Error);
        }

        var rest = disk.Fill();
        await using (var kafka = await EmbeddedKafka.StartAsync(options, Cancel))
        {
            Assert.Empty(ReadAll(kafka));
            File.Delete(rest);
            using var producer = Producer(kafka, c => c.EnableIdempotence = true);
            await ProduceAsync(producer, [], 5, 1);
            var patience = Stopwatch.StartNew();
            while (ReadAll(kafka) is not [5])
            {
                Assert.True(patience.Elapsed < Patience, "Readers still wait at the transaction that nobody owns.");
                await Task.Delay(100, Cancel);
            }
        }

        static byte[] Orphan(int size) => Log.RecordBatchBuilder.Build([([0, 0, 0, 1], new byte[size])], 1, producerId: 77, producerEpoch: 0, transactional: true);
    }

    [Fact]
    [Trait("Invariant", "1")]
    public async Task A_damaged_segment_on_a_full_disk_stops_the_start_with_its_name_and_loses_nothing()
    {
        using var disk = SmallDisk.Mount(Path.Combine(_directory, "disk"), megabytes: 8);
        var options = new EmbeddedKafkaOptions { DataDirectory = Path.Combine(disk.Path, "data") };
        await using (await EmbeddedKafka.StartAsync(options, Cancel))
        {
            // The folder has all that a server leaves in it.
        }

        string folder;
        using (var topics = new Topics.TopicRegistry(options.DataDirectory, TimeProvider.System, flush: false, NullLogger.Instance))
        {
            topics.Open();
            var topic = topics.Create("t", 1, Topics.TopicConfig.Default)!;
            for (var i = 0; i < 30; i++)
                Assert.Equal(Protocol.ErrorCode.None, topic.Partitions[0].AppendInternal(Log.RecordBatchBuilder.Build([([0, 0, 0, (byte)i], new byte[100_000])], 1)).Error);
            folder = Path.Combine(topic.Directory, "0");
        }

        var path = Assert.Single(Directory.GetFiles(folder));
        var damaged = await File.ReadAllBytesAsync(path, Cancel);
        damaged[(damaged.Length / 2) + 1000] ^= 1;
        await File.WriteAllBytesAsync(path, damaged, Cancel);
        var rest = disk.Fill();

        for (var i = 0; i < 2; i++)
        {
            var error = await Assert.ThrowsAsync<IOException>(() => EmbeddedKafka.StartAsync(options, Cancel));
            Assert.StartsWith($"{path} is damaged at byte ", error.Message, StringComparison.Ordinal);
            Assert.Contains($"make {damaged.Length} bytes of room", error.Message, StringComparison.Ordinal);
            Assert.Equal([path], Directory.GetFiles(folder));
            Assert.Equal(damaged, await File.ReadAllBytesAsync(path, Cancel));
        }

        File.Delete(rest);
        await using var kafka = await EmbeddedKafka.StartAsync(options, Cancel);
        Assert.Equal(Enumerable.Range(0, 15), ReadAll(kafka));
        Assert.Equal(damaged, await File.ReadAllBytesAsync(path + ".cut", Cancel));
    }

    private static async Task UseAsync(string address)
    {
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = address }).Build())
            await admin.CreateTopicsAsync([new TopicSpecification { Name = "t", NumPartitions = 1, ReplicationFactor = 1 }]);
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = address, TransactionalId = "x", Acks = Acks.All }).Build();
        producer.InitTransactions(Patience);
        for (var i = 0; i < 3; i++)
        {
            producer.BeginTransaction();
            await producer.ProduceAsync("t", new Message<Null, string> { Value = "v" }, Cancel);
            producer.CommitTransaction(Patience);
        }

        using var consumer = new ConsumerBuilder<Ignore, string>(new ConsumerConfig { BootstrapServers = address, GroupId = "g", AutoOffsetReset = AutoOffsetReset.Earliest, EnableAutoCommit = false }).Build();
        consumer.Subscribe("t");
        consumer.Commit(consumer.Consume(Patience));
        consumer.Close();
    }

    /// <returns>How many answers a thread sent that had written to a log and not seen it flushed, and everything that was flushed.</returns>
    private static (int UnsafeAnswers, HashSet<string> Flushed) Read(string[] lines)
    {
        // "1234 pwrite64(57</data/topics/t-1/0/0.log>, ""..., 70, 0) = 70"; a call that another thread interrupts is split in two lines.
        // A request is handled by one thread from the write to the answer, while others answer other clients.
        var dirty = new HashSet<(string Thread, string Path)>();
        var flushed = new HashSet<string>();
        var pending = new Dictionary<string, string>();
        var bad = 0;
        foreach (var line in lines)
        {
            var thread = line.Split(' ')[0];
            var call = Regex.Match(line, @"(pwrite64|fsync|sendto|sendmsg)\(\d+<([^>]*)>");
            var name = call.Success ? call.Groups[1].Value : "";
            var path = call.Groups[2].Value;
            if (name == "pwrite64" && path.EndsWith(".log", StringComparison.Ordinal))
                dirty.Add((thread, path));
            else if (name is "sendto" or "sendmsg" && (path.StartsWith("socket", StringComparison.Ordinal) || path.StartsWith("TCP", StringComparison.Ordinal)) && dirty.RemoveWhere(d => d.Thread == thread) > 0)
                bad++;
            else if (name == "fsync" && line.EndsWith("<unfinished ...>", StringComparison.Ordinal))
                pending[thread] = path;
            else if (name == "fsync")
                Flush(path);
            else if (line.Contains("<... fsync resumed>", StringComparison.Ordinal) && pending.Remove(thread, out var resumed))
                Flush(resumed);
        }

        return (bad, flushed);

        void Flush(string path)
        {
            dirty.RemoveWhere(d => d.Path == path);
            flushed.Add(path);
        }
    }

    private static async Task ProduceAsync(IProducer<int, byte[]> producer, List<int> acknowledged, int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            await producer.ProduceAsync("t", new Message<int, byte[]> { Key = i, Value = new byte[100_000] }, Cancel);
            acknowledged.Add(i);
        }
    }

    private static List<int> ReadAll(EmbeddedKafka kafka)
    {
        using var consumer = new ConsumerBuilder<int, byte[]>(new ConsumerConfig { BootstrapServers = kafka.BootstrapServers, GroupId = "g", EnablePartitionEof = true }).Build();
        consumer.Assign(new TopicPartitionOffset("t", 0, Offset.Beginning));
        var keys = new List<int>();
        while (true)
        {
            var result = consumer.Consume(Patience) ?? throw new TimeoutException($"Reading stopped after {keys.Count} records.");
            if (result.IsPartitionEOF)
                return keys;
            keys.Add(result.Message.Key);
        }
    }

    private static IProducer<int, byte[]> Producer(EmbeddedKafka kafka, Action<ProducerConfig> change)
    {
        var config = new ProducerConfig { BootstrapServers = kafka.BootstrapServers, Acks = Acks.All, LingerMs = 0, RetryBackoffMs = 100 };
        change(config);
        return new ProducerBuilder<int, byte[]>(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
    }
}
