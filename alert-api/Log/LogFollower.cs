using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.AlertApi.Alerts;
using Kappa.Iot.AlertApi.Fleet;
using Kappa.Iot.AlertApi.Models;
using Kappa.Iot.AlertApi.Vehicles;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.AlertApi.Log;

/// <summary>
/// Reads the log into the boards: what is compacted from its beginning, telemetry and scores from a while ago, and all of it on and on.
/// It keeps nothing: after a restart it reads again. Every board takes a record a second time without effect.
/// </summary>
internal sealed class LogFollower(
    IOptions<KafkaOptions> kafka, IOptions<AlertApiOptions> options, TopicSetup topics, LogState state, TimeProvider time,
    AlertBoard alerts, VehicleBoard vehicles, SignalHistory history, ModelBoard models, FleetBoard fleet, FleetAlertBoard fleetAlerts,
    AlertApiMetrics metrics, StreamingMetrics streaming, ILogger<LogFollower> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private bool _live;

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        state.Expect(3);
        return Task.WhenAll(
            FollowAsync("alert-api-state", LogStart.Beginning, state.CatchUp, stoppingToken,
                (TopicCatalogue.Alerts, Alert), (TopicCatalogue.AlertActions, Action), (TopicCatalogue.Presence, Presence), (TopicCatalogue.Models, Model), (TopicCatalogue.FleetAlerts, FleetAlert)),
            FollowAsync("alert-api-telemetry", null, () => { _live = true; state.CatchUp(); }, stoppingToken, (TopicCatalogue.Telemetry, Telemetry)),
            FollowAsync("alert-api-scores", null, state.CatchUp, stoppingToken, (TopicCatalogue.Scores, Score)));
    }

    /// <param name="start">Null: as long ago as signals are kept.</param>
    private async Task FollowAsync(
        string name, LogStart? start, Action caughtUp, CancellationToken cancel, params (TopicSpec Topic, Action<ConsumeResult<byte[], byte[]>> Apply)[] sources)
    {
        await topics.Done.WaitAsync(cancel);
        var apply = sources.ToDictionary(source => source.Topic.Name, source => source.Apply);
        var reader = new LogReader(kafka.Value, name, logger, metrics: streaming);
        var once = caughtUp;
        while (true)
        {
            try
            {
                var ranges = new List<LogRange>();
                foreach (var topic in apply.Keys)
                    ranges.AddRange(await reader.FindAsync(topic, start ?? LogStart.At(time.GetUtcNow() - options.Value.History), cancel));
                await reader.FollowAsync(ranges, HandleAsync, () => Interlocked.Exchange(ref once, null)?.Invoke(), cancel);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                logger.ReadingStopped(name, e);
                await Task.Delay(Pause, time, cancel);
            }
        }

        ValueTask HandleAsync(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, CancellationToken _)
        {
            foreach (var record in records)
            {
                metrics.Read(record.Topic);
                try
                {
                    apply[record.Topic](record);
                }
                catch (InvalidProtocolBufferException e)
                {
                    // Nothing can be shown of it; whoever wrote it is to be told, so it is counted and named.
                    metrics.Unreadable(record.Topic);
                    logger.Unreadable(record.Topic, record.Partition.Value, record.Offset.Value, e.Message);
                }
            }

            return ValueTask.CompletedTask;
        }
    }

    private void Alert(ConsumeResult<byte[], byte[]> record) =>
        alerts.Apply(Key(record), record.Message.Value is { } bytes ? Contracts.Alert.Parser.ParseFrom(bytes) : null);

    private void Action(ConsumeResult<byte[], byte[]> record)
    {
        if (record.Message.Value is { } bytes) alerts.Apply(AlertAction.Parser.ParseFrom(bytes), record.Offset.Value);
    }

    private void Presence(ConsumeResult<byte[], byte[]> record)
    {
        if (record.Message.Value is { } bytes) vehicles.Apply(Contracts.Presence.Parser.ParseFrom(bytes));
    }

    private void Model(ConsumeResult<byte[], byte[]> record) =>
        models.Apply(Key(record), record.Message.Value is { } bytes ? RegistryEntry.Parser.ParseFrom(bytes) : null);

    private void FleetAlert(ConsumeResult<byte[], byte[]> record)
    {
        fleetAlerts.Apply(Key(record), record.Message.Value is { } bytes ? Contracts.FleetAlert.Parser.ParseFrom(bytes) : null);
        alerts.Group(fleetAlerts.List());
    }

    private void Telemetry(ConsumeResult<byte[], byte[]> record)
    {
        if (record.Message.Value is not { } bytes) return;
        var batch = TelemetryBatch.Parser.ParseFrom(bytes);
        if (_live) fleet.Count(batch);
        if (vehicles.Apply(batch)) history.Add(batch, bytes);
    }

    private void Score(ConsumeResult<byte[], byte[]> record)
    {
        if (record.Message.Value is not { } bytes) return;
        var score = Contracts.Score.Parser.ParseFrom(bytes);
        if (vehicles.Apply(score)) history.Add(score);
    }

    private static string Key(ConsumeResult<byte[], byte[]> record) => System.Text.Encoding.UTF8.GetString(record.Message.Key ?? []);
}
