using Kappa.Iot.Embedded;
using Kappa.Iot.Peers;

namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>The log a fresh machine has.</summary>
public sealed class EmbeddedLog : TestLog
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("gateway-tests-log-");
    private readonly int _port = FreePort.Take();
    private EmbeddedKafka? _kafka;

    public override string BootstrapServers => $"127.0.0.1:{_port}";

    public override async ValueTask StartAsync() =>
        _kafka = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { DataDirectory = _data.FullName, Port = _port });

    public override async ValueTask StopAsync()
    {
        if (_kafka is not null) await _kafka.DisposeAsync();
        _kafka = null;
    }

    protected override ValueTask DeleteAsync()
    {
        _data.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }
}
