using Kappa.Iot.Embedded.Conformance;
using Kappa.Iot.Peers;

[assembly: AssemblyFixture(typeof(Servers))]

// Most of the time the tests wait for a server: for a session to end, for a segment to be compacted.
[assembly: CollectionBehavior(MaxParallelThreads = 4)]

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>The servers that every test runs against: ours, and Apache Kafka where <c>PEERS</c> names a folder that has it.</summary>
public sealed class Servers : IAsyncDisposable
{
    public const string Ours = "embedded-kafka";
    public const string Apache = "Apache Kafka";

    private readonly FlakyProxy _proxy = new();
    private readonly Lazy<Task<EmbeddedKafka>> _ours = new(() => StartAsync(null));
    private readonly Lazy<Task<EmbeddedKafka>> _oursBehindProxy;
    private readonly FlakyProxy _apacheProxy = new();
    private readonly Lazy<Task<ApacheKafka>> _apache;

    public Servers()
    {
        _oursBehindProxy = new(() => StartAsync(_proxy.Port));
        _apache = new(StartApacheAsync);
    }

    public static TheoryData<string> All => [Ours, Apache];

    /// <summary>Clients of a server; skips the test where that server is not there.</summary>
    public async Task<KafkaClients> ConnectAsync(string server)
    {
        if (server == Ours)
            return new KafkaClients((await _ours.Value).BootstrapServers);
        return new KafkaClients((await ApacheAsync()).BootstrapServers);
    }

    /// <summary>Clients whose every connection goes through a proxy that can lose requests and answers. The proxy is one per server.</summary>
    public async Task<(KafkaClients Clients, FlakyProxy Proxy)> ConnectThroughProxyAsync(string server)
    {
        var proxy = server == Ours ? _proxy : _apacheProxy;
        if (server == Ours)
            proxy.Backend = (await _oursBehindProxy.Value).Port;
        else
            await ApacheAsync();
        return (new KafkaClients($"127.0.0.1:{proxy.Port}"), proxy);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _apacheProxy.DisposeAsync();
        foreach (var ours in (Lazy<Task<EmbeddedKafka>>[])[_ours, _oursBehindProxy])
        {
            if (ours.IsValueCreated)
                await (await ours.Value).DisposeAsync();
        }

        if (_apache.IsValueCreated)
            await (await _apache.Value).DisposeAsync();
    }

    private static Task<EmbeddedKafka> StartAsync(int? advertisedPort) =>
        EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions
        {
            CleaningInterval = TimeSpan.FromSeconds(1),
            AdvertisedPort = advertisedPort,
            ConsumerSessionTimeout = TimeSpan.FromSeconds(10),
            ConsumerHeartbeatInterval = TimeSpan.FromMilliseconds(500),
        });

    /// <summary>Quick to clean up, and with a second listener whose clients are told to connect to the proxy.</summary>
    private async Task<ApacheKafka> StartApacheAsync()
    {
        _apacheProxy.Backend = FreePort.Take();
        var kafka = new ApacheKafka(k => $"""
            listeners=PLAINTEXT://127.0.0.1:{k.Port},BEHIND://127.0.0.1:{_apacheProxy.Backend},CONTROLLER://127.0.0.1:{k.ControllerPort}
            advertised.listeners=PLAINTEXT://127.0.0.1:{k.Port},BEHIND://127.0.0.1:{_apacheProxy.Port}
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,BEHIND:PLAINTEXT,CONTROLLER:PLAINTEXT
            broker.session.timeout.ms=120000
            log.cleaner.backoff.ms=500
            log.retention.check.interval.ms=1000
            log.initial.task.delay.ms=500
            group.consumer.min.session.timeout.ms=10000
            group.consumer.session.timeout.ms=10000
            group.consumer.min.heartbeat.interval.ms=500
            group.consumer.heartbeat.interval.ms=500
            group.consumer.min.assignment.interval.ms=0
            group.consumer.assignment.interval.ms=0
            transaction.abort.timed.out.transaction.cleanup.interval.ms=500
            """);
        await kafka.StartAsync();
        return kafka;
    }

    private async Task<ApacheKafka> ApacheAsync()
    {
        if (!ApacheKafka.IsHere)
            Assert.Skip("Apache Kafka is not there: set PEERS to a folder with kafka/start-kafka.");
        return await _apache.Value;
    }
}
