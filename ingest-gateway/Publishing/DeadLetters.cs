using System.Text;
using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.IngestGateway;

/// <summary>Writes what cannot be taken to the dead-letter topic, with the reason.</summary>
internal sealed class DeadLetters(LogWriter log, GatewayMetrics metrics, TimeProvider time)
{
    /// <summary>Bytes of a payload that are kept: a record must fit into a broker's default limit of 1 MiB.</summary>
    public const int MaxPayload = 768 * 1024;

    /// <summary>Writes one dead letter.</summary>
    /// <param name="clientId">Who sent it; the record's key.</param>
    /// <param name="mqttTopic">Where to.</param>
    /// <returns>Completes once the log has it, or could not store it.</returns>
    public Task<PublishOutcome> SendAsync(string clientId, string mqttTopic, byte[] payload, Rejection rejection)
    {
        metrics.DeadLettered(rejection.Reason);
        var detail = rejection.Detail;
        if (payload.Length > MaxPayload)
        {
            detail += $" (The payload had {payload.Length} bytes; the first {MaxPayload} are kept.)";
            payload = payload[..MaxPayload];
        }

        var headers = new Headers
        {
            { DeadLetterHeaders.Reason, Encoding.UTF8.GetBytes(rejection.Reason.ToString()) },
            { DeadLetterHeaders.Detail, Encoding.UTF8.GetBytes(detail) },
            { DeadLetterHeaders.MqttTopic, Encoding.UTF8.GetBytes(mqttTopic) },
            { DeadLetterHeaders.ClientId, Encoding.UTF8.GetBytes(clientId) },
            { DeadLetterHeaders.Time, Encoding.UTF8.GetBytes(time.GetUtcNow().ToString("O")) },
        };
        return log.WriteAsync(TopicCatalogue.DeadLetter.Name, clientId, payload, null, headers, PublishOutcome.DeadLettered(rejection));
    }
}
