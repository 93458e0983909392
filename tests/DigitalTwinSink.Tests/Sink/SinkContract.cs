using System.Net;
using System.Text;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Peers;
using Kappa.Iot.Twins;

namespace Kappa.Iot.DigitalTwinSink.Tests;

/// <summary>What the sink promises, whatever log it reads.</summary>
public abstract class SinkContract(LogFixture log) : IDisposable
{
    private const string Writes = "kappa_twins_writes_total";
    private readonly string _scratch = Directory.CreateTempSubdirectory("sink").FullName;
    private readonly string _name = $"t{Guid.NewGuid():N}"[..12];

    private string Sqlite => $"sqlite:{Path.Combine(_scratch, "twins.db")}";

    [Fact]
    public async Task Every_vehicle_gets_the_twin_that_the_log_says()
    {
        var fleet = new Fleet(log, _name, 20);
        await using var sink = SinkProcess.Start(log.Address, Sqlite, _name);
        await fleet.DriveAsync(1, 20);
        await fleet.AssertTwinsAsync(Sqlite, _scratch);
        Assert.Equal(HttpStatusCode.OK, (await sink.GetAsync("/health/ready")).Status);
        Assert.True(await sink.MetricAsync("kappa_twins_updates_total", "applied") >= 20 * 20);
        Assert.True(await sink.MetricAsync(Writes) >= 20);
    }

    [Fact]
    [Trait("Invariant", "2")]
    public async Task A_sink_that_is_killed_again_and_again_ends_with_the_same_twins()
    {
        var fleet = new Fleet(log, _name, 20);
        using var enough = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            for (var from = 1; !enough.IsCancellationRequested; from += 20) await fleet.DriveAsync(from, 20);
        }, CancellationToken.None);
        for (var i = 0; i < 3; i++)
        {
            await using var doomed = SinkProcess.Start(log.Address, Sqlite, _name, "--Sink:MaxBatch", "50");
            // Not before it is in the middle of its work, and with more to come.
            await Until.TrueAsync(async () => await doomed.MetricAsync(Writes) > 0, () => Task.FromResult(doomed.Output));
            await Task.Delay(Random.Shared.Next(0, 500), TestContext.Current.CancellationToken);
            await doomed.KillAsync();
        }

        await using var sink = SinkProcess.Start(log.Address, Sqlite, _name);
        await enough.CancelAsync();
        await load;
        await fleet.AssertTwinsAsync(Sqlite, _scratch);
        Assert.DoesNotContain("from their beginning", sink.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Invariant", "5")]
    public async Task A_store_that_is_deleted_while_the_sink_runs_is_filled_again_from_the_log()
    {
        var fleet = new Fleet(log, _name, 10);
        await using var sink = SinkProcess.Start(log.Address, Sqlite, _name);
        await fleet.DriveAsync(1, 10);
        await fleet.AssertTwinsAsync(Sqlite, _scratch);

        foreach (var file in Directory.GetFiles(_scratch, "twins.db*")) File.Delete(file);
        await fleet.AssertTwinsAsync(Sqlite, _scratch);
        await fleet.DriveAsync(100, 5);
        await fleet.AssertTwinsAsync(Sqlite, _scratch);
    }

    [Fact]
    [Trait("Invariant", "5")]
    public async Task A_store_server_that_loses_everything_is_waited_for_and_filled_again()
    {
        var kafka = log.Address;
        var server = await PeerServer.StartAsync("mongo-java-server", "MONGO_PORT");
        Assert.SkipWhen(server is null, "PEERS names no folder with mongo-java-server.");
        var address = $"mongodb://127.0.0.1:{server.Port}/twins";
        var fleet = new Fleet(log, _name, 10);
        await using var sink = SinkProcess.Start(kafka, address, _name);
        await fleet.DriveAsync(1, 10);
        await fleet.AssertTwinsAsync(address, _scratch);

        await server.DisposeAsync(); // in memory: all is gone
        await Until.TrueAsync(async () => (await sink.GetAsync("/health/ready")).Status == HttpStatusCode.ServiceUnavailable, () => Task.FromResult(sink.Output));
        Assert.Equal(HttpStatusCode.OK, (await sink.GetAsync("/health/live")).Status);
        await fleet.DriveAsync(100, 5);
        await using var again = await PeerServer.StartAsync("mongo-java-server", "MONGO_PORT", port: server.Port);
        await Until.TrueAsync(() => AnswersAsync(address), () => Task.FromResult(sink.Output));
        await fleet.AssertTwinsAsync(address, _scratch);
        await Until.TrueAsync(async () => (await sink.GetAsync("/health/ready")).Status == HttpStatusCode.OK, () => Task.FromResult(sink.Output));
    }

    [Fact]
    [Trait("Invariant", "1")]
    public async Task What_cannot_be_read_is_put_aside_with_its_reason_and_the_rest_goes_on()
    {
        var fleet = new Fleet(log, _name, 3);
        var wrong = await log.WriteAsync(TopicCatalogue.Telemetry.Name, fleet.Vins[0], Encoding.UTF8.GetBytes("no protobuf at all " + _name));
        await log.WriteAsync(TopicCatalogue.Presence.Name, fleet.Vins[1], null);
        await fleet.DriveAsync(1, 5);
        await using var sink = SinkProcess.Start(log.Address, Sqlite, _name);
        await fleet.AssertTwinsAsync(Sqlite, _scratch);

        var letter = FindDeadLetter();
        Assert.Equal("Unreadable", Header(letter, DeadLetterHeaders.Reason));
        Assert.Contains("digital-twin-sink", Header(letter, DeadLetterHeaders.Detail), StringComparison.Ordinal);
        Assert.Equal($"telemetry/{wrong.Partition.Value}@{wrong.Offset.Value}", Header(letter, DeadLetterHeaders.Position));
        Assert.Equal(fleet.Vins[0], Header(letter, DeadLetterHeaders.ClientId));
    }

    [Fact]
    public async Task Told_to_stop_it_finishes_and_goes_on_later_where_it_was()
    {
        var fleet = new Fleet(log, _name, 10);
        await using (var first = SinkProcess.Start(log.Address, Sqlite, _name))
        {
            await fleet.DriveAsync(1, 10);
            await fleet.AssertTwinsAsync(Sqlite, _scratch);
            Assert.Equal(0, await first.TerminateAsync());
        }

        await fleet.DriveAsync(50, 3);
        await using var second = SinkProcess.Start(log.Address, Sqlite, _name);
        await fleet.AssertTwinsAsync(Sqlite, _scratch);
        Assert.DoesNotContain("from their beginning", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_is_ahead_of_the_log_is_left_alone_and_says_why()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var store = TwinStore.Open(Sqlite);
        await store.InitializeAsync(cancel);
        var partition = new TopicPartition(TopicCatalogue.Alerts.Name, 0);
        await store.StartProgressAsync([partition], cancel);
        await store.ApplyAsync([], [new TopicPartitionOffset(partition, 1_000_000)], cancel);

        await using var sink = SinkProcess.Start(log.Address, Sqlite, _name);
        await Until.TrueAsync(async () => sink.Output.Contains("was filled from another log", StringComparison.Ordinal), () => Task.FromResult(sink.Output));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await sink.GetAsync("/health/ready")).Status);
        Assert.Equal(0, await sink.TerminateAsync());
    }

    public void Dispose()
    {
        Directory.Delete(_scratch, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Whether the store can be reached: the driver's first request after an outage may meet a connection of before it.</summary>
    private static async Task<bool> AnswersAsync(string address)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var store = TwinStore.Open(address);
        try
        {
            await store.InitializeAsync(cancel);
            await store.FindAsync("NOBODY", cancel);
            return true;
        }
        catch (TwinStoreException)
        {
            return false;
        }
    }

    private ConsumeResult<byte[], byte[]> FindDeadLetter()
    {
        var config = new ConsumerConfig(new KafkaOptions { BootstrapServers = log.Address }.ToClientConfig("test"))
        {
            GroupId = _name + "-letters",
            AutoOffsetReset = AutoOffsetReset.Earliest,
        };
        using var consumer = new ConsumerBuilder<byte[], byte[]>(config).Build();
        consumer.Subscribe(TopicCatalogue.DeadLetter.Name);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        while (true)
        {
            var record = consumer.Consume(patience.Token);
            if (Encoding.UTF8.GetString(record.Message.Value).Contains(_name, StringComparison.Ordinal)) return record;
        }
    }

    private static string Header(ConsumeResult<byte[], byte[]> record, string name) => Encoding.UTF8.GetString(record.Message.Headers.GetLastBytes(name));
}

public sealed class SinkOnEmbeddedKafka(EmbeddedKafkaFixture log) : SinkContract(log), IClassFixture<EmbeddedKafkaFixture>;

public sealed class SinkOnApacheKafka(ApacheKafkaFixture log) : SinkContract(log), IClassFixture<ApacheKafkaFixture>;
