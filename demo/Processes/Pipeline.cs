using Kappa.Iot.Contracts;

namespace Kappa.Iot.Demo.Processes;

/// <summary>The services of the pipeline with the addresses that this run gives them.</summary>
internal sealed class Pipeline
{
    private readonly DemoOptions _options;
    private readonly int _logPort, _mqttPort, _gatewayPort, _scorerPort, _sinkPort, _apiPort;

    public Pipeline(DemoOptions options)
    {
        _options = options;
        var ports = FreePort.Find(6);
        (_logPort, _mqttPort, _gatewayPort, _scorerPort, _sinkPort) = (ports[0], ports[1], ports[2], ports[3], ports[4]);
        if (options.Port is { } wanted && !FreePort.IsFree(wanted))
            throw new DemoException($"Port {wanted} is taken: choose another one with --port.");
        _apiPort = options.Port ?? (FreePort.IsFree(8080) ? 8080 : ports[5]);
        Kafka = new KafkaOptions { BootstrapServers = options.Kafka ?? $"127.0.0.1:{_logPort}" };
        Twins = options.Twins ?? $"sqlite:{Path.Combine(options.Data, "twins.db")}";
    }

    public KafkaOptions Kafka { get; }

    public string Twins { get; }

    public string Broker => $"127.0.0.1:{_mqttPort}";

    public Uri Dashboard => Http(_apiPort);

    /// <summary>File in which the simulator notes each fault.</summary>
    public string TruthFile => Path.Combine(_options.Data, "faults.jsonl");

    /// <summary>File in which the simulator lists its vehicles.</summary>
    public string RosterFile => Path.Combine(_options.Data, "fleet.jsonl");

    public Service Log => new("embedded-kafka", ["--port", $"{_logPort}", "--data", Path.Combine(_options.Data, "log")]);

    public Service Gateway => Web("ingest-gateway", _gatewayPort, $"--Mqtt:Port={_mqttPort}");

    public Service Scorer => Web("scoring-service", _scorerPort, $"--Models:WaitFor={VehicleProfiles.Combustion},{VehicleProfiles.Electric}");

    public Service Sink => Web("digital-twin-sink", _sinkPort, $"--Twins:ConnectionString={Twins}");

    public Service Api => Web("alert-api", _apiPort, $"--Twins:ConnectionString={Twins}");

    public Service Simulator => new("simulator",
    [
        "fleet", "--json",
        "--vehicles", $"{_options.Vehicles}",
        "--broker", Broker,
        "--profiles", $"{VehicleProfiles.Combustion},{VehicleProfiles.Electric}",
        "--history", $"{_options.History.TotalSeconds:0}s",
        "--faults", _options.Faults switch
        {
            DemoFaults.On => $"every={_options.FaultEvery.TotalSeconds:0}s,wait",
            DemoFaults.Firmware => "firmware=2001,kinds=temperature-sensor-drift,repair=10m,every=1h,wait",
            _ => "off",
        },
        "--truth", TruthFile,
        "--roster", RosterFile,
        "--state", Path.Combine(_options.Data, "fleet"),
    ]);

    private Service Web(string name, int port, params string[] settings) =>
        new(name, [$"--Kafka:BootstrapServers={Kafka.BootstrapServers}", $"--Urls={Http(port).AbsoluteUri.TrimEnd('/')}", .. settings], new Uri(Http(port), "health/ready"));

    private static Uri Http(int port) => new($"http://127.0.0.1:{port}/");
}
