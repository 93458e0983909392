using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.AlertApi.Alerts;

/// <summary>Writes what people do to alert.actions, and shows it on the board once the log has it.</summary>
public sealed class AlertActions : IDisposable
{
    private readonly AlertBoard _board;
    private readonly TimeProvider _time;
    private readonly Lazy<IProducer<string, byte[]>> _producer;

    public AlertActions(IOptions<KafkaOptions> kafka, IOptions<AlertApiOptions> options, AlertBoard board, TimeProvider time)
    {
        _board = board;
        _time = time;
        _producer = new(() => new ProducerBuilder<string, byte[]>(new ProducerConfig(kafka.Value.ToClientConfig("alert-api"))
        {
            EnableIdempotence = true,
            LingerMs = 0,
            MessageTimeoutMs = (int)options.Value.ActionTimeout.TotalMilliseconds,
        }).SetLogHandler((_, _) => { /* A log that is away is reported by the caller and by /health/ready. */ }).Build());
    }

    /// <exception cref="ProduceException{TKey, TValue}">The log did not take it in time; nothing is stored.</exception>
    public async Task AcknowledgeAsync(string alertId, Acknowledgement acknowledgement, CancellationToken cancel)
    {
        var action = new AlertAction
        {
            AlertId = alertId,
            Kind = AlertActionKind.Acknowledged,
            By = acknowledgement.By!.Trim(),
            Comment = acknowledgement.Comment?.Trim() ?? "",
            AtMs = _time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        var stored = await _producer.Value.ProduceAsync(
            TopicCatalogue.AlertActions.Name, new() { Key = alertId, Value = action.ToByteArray() }, cancel);
        _board.Apply(action, stored.Offset.Value);
    }

    public void Dispose()
    {
        if (_producer.IsValueCreated) _producer.Value.Dispose();
    }
}
