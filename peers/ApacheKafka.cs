namespace Kappa.Iot.Peers;

/// <summary>One Apache Kafka with data of its own, which outlive its process and go with this object.</summary>
public sealed class ApacheKafka : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("apache-kafka-");
    private readonly string? _properties;
    private PeerServer? _server;

    /// <param name="properties">Broker properties, a line each.</param>
    public ApacheKafka(Func<ApacheKafka, string>? properties = null)
    {
        if (properties is null) return;
        _properties = Path.Combine(_folder.FullName, "extra.properties");
        File.WriteAllText(_properties, properties(this));
    }

    /// <summary>Whether there is one in the folder that <c>PEERS</c> names.</summary>
    public static bool IsHere => PeerServer.FindScript("kafka") is not null;

    public string BootstrapServers => $"127.0.0.1:{Port}";

    /// <summary>Where clients connect.</summary>
    public int Port { get; } = FreePort.Take();

    /// <summary>Where the broker connects to its own controller.</summary>
    public int ControllerPort { get; } = FreePort.Take();

    /// <summary>Process id of the running broker.</summary>
    public int Id => _server?.Id ?? throw new InvalidOperationException("Apache Kafka is not running.");

    /// <summary>Where the log is.</summary>
    public string DataFolder => Path.Combine(_folder.FullName, "data");

    /// <summary>Starts it, anew where it was stopped: on the same port with the same data.</summary>
    /// <param name="heap">Java's memory.</param>
    public async Task StartAsync(string heap = "512m")
    {
        var settings = new Dictionary<string, string>
        {
            ["KAFKA_CONTROLLER_PORT"] = $"{ControllerPort}",
            ["KAFKA_DATA"] = DataFolder,
            ["KAFKA_HEAP"] = heap,
            ["KAFKA_INTERNAL_PARTITIONS"] = "1",
        };
        if (_properties is not null) settings["KAFKA_EXTRA_PROPERTIES"] = _properties;
        _server = await PeerServer.StartAsync("kafka", "KAFKA_PORT", "Kafka Server started", Port, settings)
            ?? throw new InvalidOperationException("PEERS names no folder with kafka/start-kafka.");
    }

    /// <summary>Kills it.</summary>
    public async ValueTask StopAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _server = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Delete(recursive: true);
    }
}
