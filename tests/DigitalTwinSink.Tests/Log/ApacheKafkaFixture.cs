using Kappa.Iot.Peers;

namespace Kappa.Iot.DigitalTwinSink.Tests;

/// <summary>Apache Kafka: the server that <c>KAFKA_BOOTSTRAP</c> names, or the one in the folder that <c>PEERS</c> names.</summary>
public sealed class ApacheKafkaFixture() : LogFixture("Neither does KAFKA_BOOTSTRAP name a server nor PEERS a folder with kafka.")
{
    private ApacheKafka? _kafka;

    public override async Task StartAsync()
    {
        Servers = Environment.GetEnvironmentVariable("KAFKA_BOOTSTRAP") is { Length: > 0 } named ? named : null;
        if (Servers is not null || !ApacheKafka.IsHere) return;
        _kafka = new ApacheKafka();
        await _kafka.StartAsync(heap: "384m");
        Servers = _kafka.BootstrapServers;
    }

    public override async ValueTask StopAsync()
    {
        if (_kafka is not null) await _kafka.DisposeAsync();
    }
}
