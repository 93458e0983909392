using Kappa.Iot.Twins.Tests;

namespace Kappa.Iot.DigitalTwinSink.Tests;

/// <summary>Apache Kafka: the server that <c>KAFKA_BOOTSTRAP</c> names, or the one in the folder that <c>PEERS</c> names.</summary>
public sealed class ApacheKafkaFixture() : LogFixture("Neither does KAFKA_BOOTSTRAP name a server nor PEERS a folder with kafka.")
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sink-kafka").FullName;
    private PeerServer? _server;

    public override async Task StartAsync()
    {
        Servers = Environment.GetEnvironmentVariable("KAFKA_BOOTSTRAP") is { Length: > 0 } named ? named : null;
        if (Servers is not null) return;
        _server = await PeerServer.StartAsync("kafka", "KAFKA_PORT", "Kafka Server started", settings: [new("KAFKA_DATA", _folder), new("KAFKA_HEAP", "384m")]);
        Servers = _server is null ? null : $"127.0.0.1:{_server.Port}";
    }

    public override async ValueTask StopAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
