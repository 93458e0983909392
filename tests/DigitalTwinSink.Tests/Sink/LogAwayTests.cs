using System.Net;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Embedded;
using Kappa.Iot.Peers;
using Kappa.Iot.Twins;

namespace Kappa.Iot.DigitalTwinSink.Tests;

/// <summary>A log that comes late, goes and comes back.</summary>
public sealed class LogAwayTests : IDisposable
{
    private readonly string _scratch = Directory.CreateTempSubdirectory("sink-log").FullName;

    [Fact]
    public async Task A_log_that_is_away_is_waited_for()
    {
        var cancel = TestContext.Current.CancellationToken;
        var options = new EmbeddedKafkaOptions { DataDirectory = Path.Combine(_scratch, "log"), Port = FreePort.Take() };
        var address = $"127.0.0.1:{options.Port}";
        await using var store = TwinStore.Open($"sqlite:{Path.Combine(_scratch, "twins.db")}");
        await using var sink = SinkProcess.Start(address, $"sqlite:{Path.Combine(_scratch, "twins.db")}", "away");
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable), ((await sink.GetAsync("/health/live")).Status, (await sink.GetAsync("/health/ready")).Status));

        await using (await EmbeddedKafka.StartAsync(options, cancel))
        {
            await WriteAsync(address, 1);
            await SeesAsync(1);
            await Until.TrueAsync(async () => (await sink.GetAsync("/health/ready")).Status == HttpStatusCode.OK, () => Task.FromResult(sink.Output));
        }

        Assert.Equal(HttpStatusCode.OK, (await sink.GetAsync("/health/live")).Status);
        await using (await EmbeddedKafka.StartAsync(options, cancel))
        {
            await WriteAsync(address, 2);
            await SeesAsync(2);
            Assert.Equal(0, await sink.TerminateAsync());
        }

        Task SeesAsync(ulong sequence) => Until.TrueAsync(
            async () => (await store.FindAsync("V1", cancel))?.Reported?.Sequence == sequence, () => Task.FromResult(sink.Output));
    }

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    private static async Task WriteAsync(string address, ulong sequence)
    {
        var kafka = new KafkaOptions { BootstrapServers = address };
        var client = kafka.ToClientConfig("test");
        // The sink makes the topics at the same time: with as many partitions as this.
        using (var admin = new AdminClientBuilder(client).Build()) await TopicCatalogue.EnsureAsync(admin, kafka.Partitions, TimeSpan.FromSeconds(60));
        using var producer = new ProducerBuilder<string, byte[]>(client).Build();
        var batch = new TelemetryBatch { Vin = "V1", Profile = "combustion", BootId = 1, Sequence = sequence };
        await producer.ProduceAsync(TopicCatalogue.Telemetry.Name, new Message<string, byte[]> { Key = "V1", Value = batch.ToByteArray() });
    }
}
