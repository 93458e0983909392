namespace Kappa.Iot.Contracts;

/// <summary>The MQTT topics a vehicle uses: <c>v1/{vin}/{channel}</c>.</summary>
public static class MqttTopics
{
    public static string Telemetry(string vin) => $"v1/{vin}/telemetry";

    public static string TelemetryJson(string vin) => $"v1/{vin}/telemetry/json";

    /// <summary>Where a vehicle's last will goes; its payload does not matter.</summary>
    public static string Presence(string vin) => $"v1/{vin}/presence";

    public static string Commands(string vin) => $"v1/{vin}/commands";

    public static string CommandResults(string vin) => $"v1/{vin}/command-results";

    /// <summary>Takes a topic apart.</summary>
    /// <returns>False where the topic is not of the form <c>v1/{vin}/{channel}</c>.</returns>
    public static bool TryParse(string topic, out string vin, out MqttChannel channel)
    {
        vin = "";
        channel = default;
        if (!topic.StartsWith("v1/", StringComparison.Ordinal)) return false;
        var end = topic.IndexOf('/', 3);
        if (end < 0) return false;

        MqttChannel? known = topic.AsSpan(end + 1) switch
        {
            "telemetry" => MqttChannel.Telemetry,
            "telemetry/json" => MqttChannel.TelemetryJson,
            "presence" => MqttChannel.Presence,
            "commands" => MqttChannel.Commands,
            "command-results" => MqttChannel.CommandResults,
            _ => null,
        };
        vin = topic[3..end];
        channel = known.GetValueOrDefault();
        return known is not null && vin.Length > 0;
    }
}
