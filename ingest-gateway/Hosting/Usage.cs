namespace Kappa.Iot.IngestGateway;

internal static class Usage
{
    public const string Text = """
        ingest-gateway: takes vehicles' MQTT (3.1.1 and 5) and writes it to the log.

        Settings, as --Name value, as environment variables (Mqtt__Port=1884) or in appsettings.json:
          --Kafka:BootstrapServers 127.0.0.1:9092     the log
          --Mqtt:Host 127.0.0.1                       address for vehicles: an IP address, localhost or *
          --Mqtt:Port 1883                            port for vehicles; 0 takes any free one
          --Mqtt:MaxPacketSize 1048576                bytes of one MQTT packet
          --Urls http://127.0.0.1:8081                metrics (/metrics) and health (/health/live, /health/ready)
          --Publishing:MaxInFlight 20000              publishes on their way to the log before reading stops
          --Publishing:MaxInFlightBytes 268435456     the same in bytes of payload
          --Publishing:MaxInFlightPerConnection 256   the same for one connection
          --Publishing:DeliveryTimeout 00:00:30       how long the log may take before the vehicle is disconnected
          --Telemetry:MaxSamples 600                  samples in one batch
          --Telemetry:MaxClockLead 00:05:00           how far a vehicle's clock may be ahead

        Exit codes: 0 stopped, 1 failed (a port is taken), 2 wrong settings.
        """;
}
