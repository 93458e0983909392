using System.CommandLine;
using Kappa.Iot.Simulator.Publishing;
using Kappa.Iot.Terminal;
using MQTTnet.Formatter;

namespace Kappa.Iot.Simulator.CommandLine;

/// <summary>What <c>fleet</c> and <c>replay</c> have in common.</summary>
internal sealed class SharedOptions
{
    private readonly Setting<(string Host, int Port)> _broker = new("--broker", "The gateway's MQTT address", "HOST:PORT", "127.0.0.1:1883", ParseBroker, "-b");
    private readonly Setting<MqttProtocolVersion> _mqtt = new("--mqtt", "MQTT version: 3.1.1 or 5", "VERSION", "5", ParseVersion);
    private readonly Setting<TimeSpan> _connectTimeout = new("--connect-timeout", "How long to try when nobody answers at the broker's address", "TIME", "15s", Durations.Parse);
    private readonly Setting<TimeSpan> _keepAlive = new("--keep-alive", "MQTT keep-alive", "TIME", "30s", Durations.Parse);
    private readonly Setting<int> _connectRate = new("--connect-rate", "New connections a second", "N", "200", text => Numbers.Whole("--connect-rate", text, 1, 100_000));
    private readonly Setting<int> _window = new(
        "--window", "Messages of one vehicle that may wait for their acknowledgement before it produces no more", "N", "16", text => Numbers.Whole("--window", text, 1, 1000));

    private readonly Option<bool> _json = new("--json") { Description = "A JSON line a second instead of the status for people" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _broker, _mqtt, _connectTimeout, _keepAlive, _connectRate, _window, _json }) command.Add(option);
    }

    public TimeSpan ConnectTimeout(ParseResult parsed) => _connectTimeout.Read(parsed);

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    public BrokerOptions Broker(ParseResult parsed)
    {
        var (host, port) = _broker.Read(parsed);
        return new BrokerOptions
        {
            Host = host,
            Port = port,
            Protocol = _mqtt.Read(parsed),
            KeepAlive = _keepAlive.Read(parsed),
            ConnectRate = _connectRate.Read(parsed),
            Window = _window.Read(parsed),
        };
    }

    private static MqttProtocolVersion ParseVersion(string text) => text switch
    {
        "5" or "5.0" => MqttProtocolVersion.V500,
        "3.1.1" or "311" => MqttProtocolVersion.V311,
        _ => throw new FormatException($"--mqtt is 3.1.1 or 5, not '{text}'."),
    };

    private static (string Host, int Port) ParseBroker(string text)
    {
        var bare = text.StartsWith("mqtt://", StringComparison.OrdinalIgnoreCase) ? text[7..].TrimEnd('/') : text;
        var colon = bare.LastIndexOf(':');
        var host = (colon < 0 ? bare : bare[..colon]).Trim('[', ']');
        if (host.Length == 0) throw new FormatException($"--broker is HOST:PORT, such as 127.0.0.1:1883, not '{text}'.");
        return (host, colon < 0 ? 1883 : Numbers.Whole("The port of --broker", bare[(colon + 1)..], 1, 65535));
    }
}
