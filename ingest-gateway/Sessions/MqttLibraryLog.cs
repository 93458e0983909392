using MQTTnet.Diagnostics.Logger;

namespace Kappa.Iot.IngestGateway;

/// <summary>The MQTT library's own log, for those who look for trouble: it speaks of every client that drops its connection.</summary>
internal sealed partial class MqttLibraryLog(ILogger<MqttLibraryLog> logger) : IMqttNetLogger
{
    public bool IsEnabled => logger.IsEnabled(LogLevel.Debug);

    public void Publish(MqttNetLogLevel logLevel, string source, string message, object[] parameters, Exception exception)
    {
        if (logLevel < MqttNetLogLevel.Info || !IsEnabled) return;
        Line(exception, source, parameters is { Length: > 0 } ? string.Format(message, parameters) : message);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Source}: {Line}")]
    private partial void Line(Exception? exception, string source, string line);
}
