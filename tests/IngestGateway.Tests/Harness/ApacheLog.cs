using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>Apache Kafka itself, where <c>PEERS</c> names a folder that has it.</summary>
public sealed class ApacheLog : TestLog
{
    private readonly string? _script = Script();
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("gateway-tests-kafka-");
    private readonly int _port = FreePort();
    private readonly int _controllerPort = FreePort();
    private Process? _process;

    public override string BootstrapServers => $"127.0.0.1:{_port}";

    public override string? Missing => _script is null ? "Apache Kafka is not here: set PEERS to a folder that has kafka/start-kafka." : null;

    public override async ValueTask StartAsync()
    {
        var start = new ProcessStartInfo(_script!)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            Environment =
            {
                ["KAFKA_PORT"] = _port.ToString(), ["KAFKA_CONTROLLER_PORT"] = _controllerPort.ToString(), ["KAFKA_DATA"] = _data.FullName,
                ["KAFKA_HEAP"] = "256m", ["KAFKA_INTERNAL_PARTITIONS"] = "1",
            },
        };
        _process = Process.Start(start)!;
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null) ready.TrySetException(new InvalidOperationException("Kafka ended while it was being started."));
            else if (line.Data.Contains("Kafka Server started", StringComparison.Ordinal)) ready.TrySetResult();
        };
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await ready.Task.WaitAsync(TimeSpan.FromMinutes(3));
    }

    public override async ValueTask StopAsync()
    {
        if (_process is null) return;
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    protected override void Delete() => _data.Delete(recursive: true);

    private static string? Script()
    {
        if (Environment.GetEnvironmentVariable("PEERS") is not { Length: > 0 } peers) return null;
        // A relative folder is meant from the repository.
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Kappa.Iot.sln"))) root = root.Parent;
        var script = Path.GetFullPath(Path.Combine(peers, "kafka", "start-kafka"), root?.FullName ?? Environment.CurrentDirectory);
        return File.Exists(script) ? script : null;
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
