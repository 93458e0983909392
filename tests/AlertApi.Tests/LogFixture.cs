using Kappa.Iot.AlertApi.Running;
using Kappa.Iot.Embedded;

[assembly: AssemblyFixture(typeof(Kappa.Iot.AlertApi.Tests.LogFixture))]

namespace Kappa.Iot.AlertApi.Tests;

/// <summary>One log for all tests (each has vehicles of its own), and one API that most of them ask.</summary>
public sealed class LogFixture : IAsyncLifetime
{
    private static int _vehicles;
    private EmbeddedKafka? _kafka;

    public string BootstrapServers => _kafka!.BootstrapServers;

    public LogWriter Log { get; private set; } = null!;

    public RunningApi Api { get; private set; } = null!;

    /// <summary>A vehicle that no other test has.</summary>
    public static string NewVehicle() => $"TEST{Interlocked.Increment(ref _vehicles):D4}";

    public async ValueTask InitializeAsync()
    {
        _kafka = await EmbeddedKafka.StartAsync();
        Log = await LogWriter.OpenAsync(_kafka.BootstrapServers);
        Api = await RunningApi.StartAsync(_kafka.BootstrapServers);
    }

    public async ValueTask DisposeAsync()
    {
        if (Api is not null) await Api.DisposeAsync();
        Log?.Dispose();
        if (_kafka is not null) await _kafka.DisposeAsync();
    }
}
