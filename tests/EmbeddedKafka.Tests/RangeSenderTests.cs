using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>Readers that take their time over batches that the kernel sends from a segment's file, while all sorts of things happen to the file.</summary>
public sealed class RangeSenderTests : IDisposable
{
    private const int Megabyte = 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("embedded-kafka-sending-").FullName;

    public RangeSenderTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere nothing is sent from the file.");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("topic deletion")]
    [InlineData("deleting records")]
    [InlineData("retention")]
    [InlineData("compaction")]
    [Trait("Invariant", "1")]
    public async Task A_slow_reader_gets_every_byte_of_a_segment_that_goes_meanwhile(string how)
    {
        await using var kafka = await StartAsync();
        await FillAsync(kafka);
        var segments = Segments();
        var expected = await File.ReadAllBytesAsync(segments[0], Cancel);
        using var reader = await FetchAsync(kafka, expected.Length + Megabyte);
        var received = new MemoryStream();
        await ReceiveAsync(reader, received, 100_000);
        Assert.Empty(DeletedFiles());

        using (var admin = Admin(kafka))
            await TakeAwayAsync(admin, how, NextOffset(segments));
        await EventuallyAsync(() => DeletedFiles().Count == 1, "the segment is deleted, and open for its reader only");

        var size = 4 + BinaryPrimitives.ReadInt32BigEndian(received.GetBuffer());
        Assert.InRange(size, expected.Length, expected.Length + 1000);
        while (received.Length < size)
        {
            await ReceiveAsync(reader, received, (int)Math.Min(received.Length + 50_000, size));
            await Task.Delay(5, Cancel); // the server has to wait for the reader, time and again
        }

        var records = received.ToArray()[^expected.Length..];
        Assert.True(records.AsSpan().SequenceEqual(expected), "Not the bytes of the segment.");
        Assert.Equal(NextOffset(segments), CheckBatches(records));
        await EventuallyAsync(() => DeletedFiles().Count == 0 && kafka.BufferMemory == 0, "nothing is held any more");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_that_goes_away_in_the_middle_leaves_nothing_behind(bool resets)
    {
        await using var kafka = await StartAsync();
        await FillAsync(kafka);
        using var reader = await FetchAsync(kafka, 50 * Megabyte);
        await ReceiveAsync(reader, new MemoryStream(), 100_000);
        using (var admin = Admin(kafka))
            await TakeAwayAsync(admin, "topic deletion", 0);
        Assert.Single(DeletedFiles());
        if (resets)
            reader.LingerState = new LingerOption(true, 0);
        reader.Dispose();
        await EventuallyAsync(() => DeletedFiles().Count == 0 && kafka.BufferMemory == 0, "nothing is held any more");
    }

    [Fact]
    public async Task A_reader_that_takes_no_more_is_closed_and_others_are_served()
    {
        await using var kafka = await StartAsync(o => o with { MaxStall = TimeSpan.FromSeconds(2) });
        await FillAsync(kafka);
        using var reader = await FetchAsync(kafka, 50 * Megabyte);
        var received = new MemoryStream();
        await ReceiveAsync(reader, received, 100_000);
        using (var admin = Admin(kafka))
            await TakeAwayAsync(admin, "topic deletion", 0); // on a busy machine the reader may be closed before
        await EventuallyAsync(() => DeletedFiles().Count == 0 && kafka.BufferMemory == 0, "nothing is held any more");

        // What the operating system had taken is still there, and then it ends.
        var size = 4 + BinaryPrimitives.ReadInt32BigEndian(received.GetBuffer());
        Assert.True(await ReceiveToTheEndAsync(reader, received) < size);
        using var others = Admin(kafka);
        Assert.Single(others.GetMetadata(Patience).Brokers);
    }

    [Fact]
    [Trait("Invariant", "1")]
    public async Task A_server_that_stops_in_the_middle_does_not_wait_for_the_reader_and_loses_nothing()
    {
        var kafka = await StartAsync();
        await FillAsync(kafka);
        var before = Segments().SelectMany(File.ReadAllBytes).ToArray();
        using var reader = await FetchAsync(kafka, 50 * Megabyte);
        var received = new MemoryStream();
        await ReceiveAsync(reader, received, 100_000);
        await kafka.DisposeAsync().AsTask().WaitAsync(Patience, Cancel);

        var size = 4 + BinaryPrimitives.ReadInt32BigEndian(received.GetBuffer());
        Assert.True(await ReceiveToTheEndAsync(reader, received) < size);
        await using var again = await StartAsync();
        Assert.True(Segments().SelectMany(File.ReadAllBytes).SequenceEqual(before));
    }

    private async Task<EmbeddedKafka> StartAsync(Func<EmbeddedKafkaOptions, EmbeddedKafkaOptions>? change = null)
    {
        var options = new EmbeddedKafkaOptions { DataDirectory = _directory, CleaningInterval = TimeSpan.FromMilliseconds(100), MaxStall = TimeSpan.FromMinutes(5) };
        return await EmbeddedKafka.StartAsync(change?.Invoke(options) ?? options, Cancel);
    }

    /// <summary>Far more than fits into the operating system's buffers, in two segments.</summary>
    private static async Task FillAsync(EmbeddedKafka kafka)
    {
        using var admin = Admin(kafka);
        await admin.CreateTopicsAsync([new TopicSpecification
        {
            Name = "t", NumPartitions = 1, ReplicationFactor = 1, Configs = new() { ["segment.bytes"] = $"{16 * Megabyte}", ["min.cleanable.dirty.ratio"] = "0" },
        }]);
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = kafka.BootstrapServers, LingerMs = 5 }).Build();
        var random = new Random(1);
        for (var i = 0; i < 600; i++)
        {
            var value = new byte[40_000];
            random.NextBytes(value);
            producer.Produce("t", new Message<string, byte[]> { Key = $"k{i % 10}", Value = value });
        }

        producer.Flush(Cancel);
    }

    private static async Task TakeAwayAsync(IAdminClient admin, string how, long nextOffset)
    {
        switch (how)
        {
            case "topic deletion":
                await admin.DeleteTopicsAsync(["t"]);
                break;
            case "deleting records":
                await admin.DeleteRecordsAsync([new TopicPartitionOffset("t", 0, nextOffset)]);
                break;
            case "retention":
                await SetAsync("retention.bytes", "1000000");
                break;
            case "compaction":
                await SetAsync("cleanup.policy", "compact");
                break;
        }

        Task SetAsync(string name, string value) => admin.IncrementalAlterConfigsAsync(new()
        {
            [new ConfigResource { Type = ResourceType.Topic, Name = "t" }] = [new ConfigEntry { Name = name, Value = value, IncrementalOperation = AlterConfigOpType.Set }],
        });
    }

    /// <returns>The files of the topic, in order.</returns>
    private string[] Segments() =>
        [.. Directory.GetFiles(Path.Combine(Directory.GetDirectories(Path.Combine(_directory, "topics"), "t-*").Single(), "0"), "*.log").Order()];

    private static long NextOffset(string[] segments) => long.Parse(Path.GetFileNameWithoutExtension(segments[1]), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Files of the server, which runs in this process, that are open and have no name any more.</summary>
    private List<string> DeletedFiles() =>
        [.. new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos().Select(f => f.LinkTarget ?? "")
            .Where(target => target.StartsWith(_directory, StringComparison.Ordinal) && target.EndsWith(".log (deleted)", StringComparison.Ordinal))];

    /// <returns>The offset after the last batch.</returns>
    private static long CheckBatches(byte[] records)
    {
        long next = 0;
        for (var position = 0; position < records.Length;)
        {
            var header = RecordBatchHeader.Read(records.AsSpan(position));
            Assert.Equal(next, header.BaseOffset);
            Assert.True(RecordBatchHeader.HasValidCrc(records.AsSpan(position, header.Size), header.Crc), $"The batch at offset {next} has a wrong checksum.");
            next = header.NextOffset;
            position += header.Size;
        }

        return next;
    }

    /// <summary>Connects with a receive buffer that holds little, and asks for everything from offset 0 on.</summary>
    private static async Task<Socket> FetchAsync(EmbeddedKafka kafka, int maxBytes)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 32 * 1024 };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, kafka.Port), Cancel);
        await socket.SendAsync(FetchRequest.Of(maxBytes), Cancel);
        return socket;
    }

    private static async Task ReceiveAsync(Socket socket, MemoryStream into, int until)
    {
        var buffer = new byte[16 * 1024];
        while (into.Length < until)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, until - into.Length)), Cancel).AsTask().WaitAsync(Patience, Cancel);
            Assert.True(read > 0, $"The answer ended after {into.Length} bytes.");
            into.Write(buffer, 0, read);
        }
    }

    /// <returns>Bytes that came in all.</returns>
    private static async Task<long> ReceiveToTheEndAsync(Socket socket, MemoryStream into)
    {
        var buffer = new byte[Megabyte];
        try
        {
            for (int read; (read = await socket.ReceiveAsync(buffer, Cancel).AsTask().WaitAsync(Patience, Cancel)) > 0;)
                into.Write(buffer, 0, read);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Reset instead of closed: the same.
        }

        return into.Length;
    }

    private static async Task EventuallyAsync(Func<bool> holds, string what)
    {
        for (var i = 0; !holds(); i++)
        {
            Assert.True(i < 600, $"Not within a minute: {what}.");
            await Task.Delay(100, Cancel);
        }
    }

    private static IAdminClient Admin(EmbeddedKafka kafka) => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();
}
