using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>The peer, started by its own script with data in a temporary folder.</summary>
internal sealed class ApacheKafka : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _data;

    private ApacheKafka(Process process, DirectoryInfo data, string address) => (_process, _data, Address) = (process, data, address);

    public string Address { get; }

    /// <returns>Null where the script is not there.</returns>
    public static async Task<ApacheKafka?> TryStartAsync(CancellationToken cancel)
    {
        var script = Path.Combine(Environment.GetEnvironmentVariable("PEERS") ?? Path.Combine("..", "shared", "peers"), "kafka", "start-kafka");
        if (!File.Exists(script)) return null;

        var (port, controllerPort) = (FreePort(), FreePort());
        var data = Directory.CreateTempSubdirectory("kappa-benchmark-");
        var start = new ProcessStartInfo(script) { RedirectStandardError = true };
        start.Environment["KAFKA_PORT"] = $"{port}";
        start.Environment["KAFKA_CONTROLLER_PORT"] = $"{controllerPort}";
        start.Environment["KAFKA_DATA"] = data.FullName;
        var kafka = new ApacheKafka(Process.Start(start)!, data, $"127.0.0.1:{port}");
        while (await kafka._process.StandardError.ReadLineAsync(cancel) is { } line)
        {
            if (!line.Contains("Kafka Server started", StringComparison.Ordinal)) continue;
            _ = kafka._process.StandardError.BaseStream.CopyToAsync(Stream.Null, CancellationToken.None); // so that it never waits for us
            return kafka;
        }

        await kafka.DisposeAsync();
        throw new InvalidOperationException($"{script} ended before it was ready.");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _data.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
