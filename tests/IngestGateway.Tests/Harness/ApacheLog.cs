using Kappa.Iot.Peers;

namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>Apache Kafka itself, where <c>PEERS</c> names a folder that has it.</summary>
public sealed class ApacheLog : TestLog
{
    private readonly ApacheKafka _kafka = new();

    public override string BootstrapServers => _kafka.BootstrapServers;

    public override string? Missing => ApacheKafka.IsHere ? null : "Apache Kafka is not here: set PEERS to a folder that has kafka/start-kafka.";

    public override async ValueTask StartAsync() => await _kafka.StartAsync(heap: "256m");

    public override ValueTask StopAsync() => _kafka.StopAsync();

    protected override ValueTask DeleteAsync() => _kafka.DisposeAsync();
}
