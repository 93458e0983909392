using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Demo.Counting;

/// <summary>Counts what the log holds by reading it, from the demo's baseline to its end.</summary>
/// <param name="fleet">The demo's own vehicles; anybody may connect another car while it runs, and those are not counted.</param>
internal sealed class LogCensus(KafkaOptions kafka, LogBaseline baseline, IReadOnlySet<string> fleet)
{
    private readonly LogReader _reader = new(kafka, "demo-census", NullLogger.Instance);

    public async Task<BatchCensus> CountTelemetryAsync()
    {
        var census = new BatchCensus();
        await ReadAsync(TopicCatalogue.Telemetry, value =>
        {
            var batch = TelemetryBatch.Parser.ParseFrom(value);
            if (fleet.Contains(batch.Vin)) census.Add(batch.Vin, batch.BootId, batch.Sequence);
        });
        return census;
    }

    public async Task<BatchCensus> CountScoresAsync()
    {
        var census = new BatchCensus();
        await ReadAsync(TopicCatalogue.Scores, value =>
        {
            var score = Score.Parser.ParseFrom(value);
            if (!score.Shadow && fleet.Contains(score.Vin)) census.Add(score.Vin, score.BootId, score.Sequence);
        });
        return census;
    }

    /// <summary>Every alert as it was first written, by alert id.</summary>
    public async Task<IReadOnlyCollection<Alert>> ReadAlertsAsync()
    {
        var alerts = new Dictionary<string, Alert>();
        await ReadAsync(TopicCatalogue.Alerts, value =>
        {
            var alert = Alert.Parser.ParseFrom(value);
            if (fleet.Contains(alert.Vin)) alerts.TryAdd(alert.AlertId, alert);
        });
        return alerts.Values;
    }

    public async Task<long> CountDeadLettersAsync()
    {
        var count = 0L;
        await ReadAsync(TopicCatalogue.DeadLetter, _ => count++);
        return count;
    }

    private async Task ReadAsync(TopicSpec topic, Action<byte[]> take)
    {
        var ranges = await baseline.UpToNowAsync(_reader, topic, CancellationToken.None);
        await _reader.ReadAsync(ranges, (records, _) =>
        {
            foreach (var record in records)
                if (record.Message.Value is { } value) take(value);
            return ValueTask.CompletedTask;
        }, CancellationToken.None);
    }
}
