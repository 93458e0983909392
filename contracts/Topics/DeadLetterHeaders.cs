namespace Kappa.Iot.Contracts;

/// <summary>Names of the headers of a dead-lettered record; all values are UTF-8 text.</summary>
public static class DeadLetterHeaders
{
    /// <summary>One word, such as <c>Unreadable</c>.</summary>
    public const string Reason = "reason";

    /// <summary>What exactly was wrong, for a person.</summary>
    public const string Detail = "detail";

    /// <summary>The MQTT topic it was sent to.</summary>
    public const string MqttTopic = "mqtt-topic";

    /// <summary>Who sent it.</summary>
    public const string ClientId = "client-id";

    /// <summary>Where in the log the record is that could not be read, such as <c>telemetry/3@17</c>.</summary>
    public const string Position = "position";

    /// <summary>When it was refused, ISO 8601.</summary>
    public const string Time = "time";
}
