using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>A real Apache Kafka, started from its script and stopped by its process id.</summary>
internal sealed class ApacheKafka : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly DirectoryInfo _data;

    private ApacheKafka(Process process, DirectoryInfo data, int port, FlakyProxy proxy)
    {
        _process = process;
        _data = data;
        Proxy = proxy;
        BootstrapServers = $"127.0.0.1:{port}";
    }

    public string BootstrapServers { get; }

    /// <summary>Stands before a second listener, whose clients are told to connect to the proxy.</summary>
    public FlakyProxy Proxy { get; }

    public static string? FindStartScript()
    {
        var script = Environment.GetEnvironmentVariable("PEERS") is { Length: > 0 } peers ? Path.GetFullPath(Path.Combine(peers, "kafka", "start-kafka")) : null;
        return File.Exists(script) ? script : null;
    }

    public static async Task<ApacheKafka> StartAsync()
    {
        var data = Directory.CreateTempSubdirectory("apache-kafka-");
        var properties = Path.Combine(data.FullName, "extra.properties");
        var (port, controllerPort) = (FreePort(), FreePort());
        var proxy = new FlakyProxy { Backend = FreePort() };
        await File.WriteAllTextAsync(properties, $"""
            listeners=PLAINTEXT://127.0.0.1:{port},BEHIND://127.0.0.1:{proxy.Backend},CONTROLLER://127.0.0.1:{controllerPort}
            advertised.listeners=PLAINTEXT://127.0.0.1:{port},BEHIND://127.0.0.1:{proxy.Port}
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,BEHIND:PLAINTEXT,CONTROLLER:PLAINTEXT
            broker.session.timeout.ms=120000
            log.cleaner.backoff.ms=500
            log.retention.check.interval.ms=1000
            log.initial.task.delay.ms=500
            transaction.abort.timed.out.transaction.cleanup.interval.ms=500
            """);
        var start = new ProcessStartInfo(FindStartScript()!) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["KAFKA_PORT"] = port.ToString();
        start.Environment["KAFKA_CONTROLLER_PORT"] = controllerPort.ToString();
        start.Environment["KAFKA_DATA"] = Path.Combine(data.FullName, "data");
        start.Environment["KAFKA_EXTRA_PROPERTIES"] = properties;
        var process = Process.Start(start)!;
        var ready = new TaskCompletionSource();
        var said = new List<string>();
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, e) =>
        {
            lock (said)
                said.Add(e.Data ?? "");
            if (e.Data?.Contains("Kafka Server started", StringComparison.Ordinal) == true)
                ready.TrySetResult();
        };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var exited = process.WaitForExitAsync();
        if (await Task.WhenAny(ready.Task, exited, Task.Delay(StartTimeout)) != ready.Task)
        {
            process.Kill();
            lock (said)
                throw new InvalidOperationException($"Apache Kafka did not start: {string.Join(Environment.NewLine, said)}");
        }

        return new ApacheKafka(process, data, port, proxy);
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        _process.Kill();
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
