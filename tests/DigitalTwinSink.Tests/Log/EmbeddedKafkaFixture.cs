using Kappa.Iot.Embedded;

namespace Kappa.Iot.DigitalTwinSink.Tests;

public sealed class EmbeddedKafkaFixture() : LogFixture("The embedded log has not started.")
{
    private EmbeddedKafka? _server;

    public override async Task StartAsync()
    {
        _server = await EmbeddedKafka.StartAsync();
        Servers = _server.BootstrapServers;
    }

    public override async ValueTask StopAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
    }
}
