using Kappa.Iot.Embedded.Conformance;

[assembly: AssemblyFixture(typeof(Servers))]

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>The servers that every test runs against: ours, and Apache Kafka where <c>PEERS</c> names a folder that has it.</summary>
public sealed class Servers : IAsyncDisposable
{
    public const string Ours = "embedded-kafka";
    public const string Apache = "Apache Kafka";

    private readonly Lazy<Task<EmbeddedKafka>> _ours = new(() => EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { CleaningInterval = TimeSpan.FromSeconds(1) }));
    private readonly Lazy<Task<ApacheKafka>> _apache = new(ApacheKafka.StartAsync);

    public static TheoryData<string> All => [Ours, Apache];

    /// <summary>The bootstrap address of a server; skips the test where that server is not there.</summary>
    public async Task<KafkaClients> ConnectAsync(string server)
    {
        if (server == Ours)
            return new KafkaClients((await _ours.Value).BootstrapServers);
        if (ApacheKafka.FindStartScript() is null)
            Assert.Skip("Apache Kafka is not there: set PEERS to a folder with kafka/start-kafka.");
        return new KafkaClients((await _apache.Value).BootstrapServers);
    }

    public async ValueTask DisposeAsync()
    {
        if (_ours.IsValueCreated)
            await (await _ours.Value).DisposeAsync();
        if (_apache.IsValueCreated)
            await (await _apache.Value).DisposeAsync();
    }
}
