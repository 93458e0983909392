using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming;

namespace Kappa.Iot.ScoringService;

/// <summary>Scores one partition: telemetry in; scores, changed alerts, due snapshots and the checkpoint out, all to the same partition number.</summary>
/// <remarks>With a <see cref="ReplayScope"/> only what comes of batches in its range is written, and no dead letters: they were put aside before.</remarks>
internal sealed class PartitionScorer(
    int partition, long resumeAt, PartitionState state, IModelSource models, ScoringTopics topics, ReplayScope? scope, ScoringMetrics metrics, TimeProvider time, ILogger<PartitionScorer> logger, LiveTurns? turns = null) : IPartitionProcessor
{
    /// <summary>Key of the checkpoint; no vehicle can be named so.</summary>
    public static readonly byte[] CheckpointKey = "@"u8.ToArray();

    private readonly RecordGroup _group = new(state);
    private readonly BatchCounts _counts = new();
    private readonly List<Alert> _alerts = [];
    private readonly long _resumeAt = resumeAt;
    private long _next = resumeAt;
    // What the vehicles are after their profile's first model has scored their past is to be in their snapshots at once: no restore does that again.
    private bool _hasRewound;
    private ModelSet _models = ModelSet.Empty;
    private readonly TopicPartition _scores = new(topics.Scores, partition);
    private readonly TopicPartition _changes = new(topics.Alerts, partition);
    private readonly TopicPartition _snapshots = new(topics.State, partition);

    public bool HasWork => turns?.HasWork(models.At(partition, _next).Models) == true;

    public void Process(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, TransactionOutput output)
    {
        // The model is changed here and nowhere else: each record is scored by exactly one, and the checkpoint says by which.
        var first = records.Count > 0 ? Math.Max(_resumeAt, records[0].Offset.Value) : _next;
        var current = Turn(records, first);

        foreach (var record in records)
        {
            if (record.Offset.Value < _resumeAt) continue; // scored before, and in the state: the group was set back
            if (record.Offset.Value >= current.Until) current = Turn(records, record.Offset);

            var turn = _group.Read(record);
            if (turn.Telemetry.Batch is { } batch) Add(turn, batch);
            turns?.Took(record);
            if (_group.IsFull) Write(_group.Take(), output);
        }

        Write(_group.Take(), output);
        if (records.Count > 0) _next = Math.Max(_resumeAt, records[^1].Offset.Value + 1);
        Save(_hasRewound ? state.TakeAllSnapshots(_next) : state.TakeSnapshots(_next), _next, output);
        _hasRewound = false;
    }

    public void Skip(ConsumeResult<byte[], byte[]> record, TransactionOutput output)
    {
        if (record.Offset.Value < _resumeAt) return; // done before
        state.PutAside(record.Offset.Value);
        state.Fleet?.TakeDeadLetter(null);
        _next = record.Offset.Value + 1;
        Save(state.TakeSnapshots(_next), _next, output);
    }

    /// <summary>Writes the state of every vehicle: the next start has nothing to read again.</summary>
    public void Drain(TransactionOutput output) => Save(state.TakeAllSnapshots(_next), _next, output);

    public void OnCommitted()
    {
        metrics.Count(_counts);
        foreach (var alert in _alerts)
        {
            metrics.Count(alert);
            logger.AlertChanged(alert.Vin, alert.Type, alert.Status, alert.Severity, alert.Score);
        }

        _counts.Clear();
        _alerts.Clear();
    }

    public void Left() => turns?.Left();

    private ModelStretch Turn(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, long offset)
    {
        var current = models.At(partition, offset);
        _models = turns is null ? current.Models : turns.At(current.Models, records, offset);
        foreach (var planned in current.Warming)
        {
            if (state.WarmUps.Any(warmUp => warmUp.Profile == planned.Profile && warmUp.Until == planned.Until)) continue;
            state.Begin(new WarmUp(partition, planned.Profile, planned.Model, planned.Until) { From = planned.From });
        }

        state.Models.Switch(_models, offset);
        return current;
    }

    private void Add(RecordTurn turn, TelemetryBatch batch)
    {
        if (state.WarmUps.Count > 0 && state.Warm(batch, turn.Record) is { } over && turns is not null)
        {
            _models = turns.TakeOver(over, turn.Record.Offset);
            _hasRewound |= over.IsRewind;
        }

        var active = _models.ActiveOf(batch.Profile);
        // What a profile's vehicles are after they were scored a rewind would not know: it would score duplicates again, and forget open alerts.
        if (active is null && turns is not null && !state.Models.Has(batch.Profile)) state.Unscored.Note(batch.Profile, turn.Record.Offset);
        state.Add(turn, active, _models.ShadowsOf(batch.Profile));
    }

    private void Save(IEnumerable<VehicleState> snapshots, long next, TransactionOutput output)
    {
        foreach (var snapshot in snapshots)
        {
            output.Add(_snapshots, new Message<byte[], byte[]> { Key = Encoding.ASCII.GetBytes(snapshot.Vin), Value = snapshot.ToByteArray() });
            _counts.AddSnapshot(snapshot.Fold.Length);
        }

        output.Add(_snapshots, new Message<byte[], byte[]> { Key = CheckpointKey, Value = state.Checkpoint(next).ToByteArray() });
    }

    private void Write(IReadOnlyList<FleetMinute> minutes, TransactionOutput output)
    {
        foreach (var minute in minutes) output.Add(new TopicPartition(topics.FleetMinutes, 0), new Message<byte[], byte[]> { Key = BitConverter.GetBytes(partition), Value = minute.ToByteArray() });
    }

    private void Write(ReadOnlySpan<RecordTurn> turns, TransactionOutput output)
    {
        foreach (var batch in state.TakeRewound()) Write(batch, output);
        foreach (var turn in turns)
        {
            Write(turn, output);
            if (state.Fleet is { } fleet) Write(fleet.TakeClosed(), output);
        }
    }

    private void Write(RecordTurn turn, TransactionOutput output)
    {
        var (record, result) = (turn.Record, turn.Result);
        if (turn.Telemetry.Batch is not { } batch)
        {
            state.Fleet?.TakeDeadLetter(null);
            AddDeadLetter(record, turn.Telemetry.Reason, turn.Telemetry.Detail, output);
            return;
        }

        if (turn.Failure is { } failure)
        {
            state.Models.Failed(batch.Profile, record.Offset);
            state.Fleet?.TakeDeadLetter(batch);
            AddUnscorable(batch.Vin, record, failure, output);
            return;
        }

        _counts.Add(result);
        if (result.Score is { } told) state.Models.Announce(told);
        if (result.Outcome is FoldOutcome.Scored or FoldOutcome.Unscored) state.Fleet?.Take(batch, result.Score);
        if (scope?.Contains(batch) == false) return;
        if (result.Score is { } score) AddScore(record, score, output);
        foreach (var trial in turn.Trials)
        {
            _counts.Add(trial);
            if (trial.Score is { } shadow) AddScore(record, shadow, output);
            else logger.TrialFailed(trial.Failure!, trial.Model.ModelId, batch.Vin, record.TopicPartitionOffset);
        }

        AddAlerts(result.Alerts, output);
    }

    /// <summary>The fleet's minutes of that time are over.</summary>
    private void Write(RewoundBatch batch, TransactionOutput output)
    {
        if (batch.Failure is { } failure)
        {
            AddUnscorable(batch.Vin, batch.Record, failure, output);
            return;
        }

        _counts.Add(batch.Result with { Missed = 0 }); // that was counted when it came
        AddScore(batch.Record, batch.Result.Score!, output);
        AddAlerts(batch.Result.Alerts, output);
    }

    private void AddAlerts(IReadOnlyList<Alert> alerts, TransactionOutput output)
    {
        foreach (var alert in alerts)
        {
            alert.WrittenAtMs = time.GetUtcNow().ToUnixTimeMilliseconds();
            output.Add(_changes, new Message<byte[], byte[]>
            {
                Key = Encoding.ASCII.GetBytes($"{alert.Vin}/{alert.Type.ToString().ToLowerInvariant()}"),
                Value = alert.ToByteArray(),
            });
            _alerts.Add(alert);
        }
    }

    private void AddScore(ConsumeResult<byte[], byte[]> record, Score score, TransactionOutput output) => output.Add(_scores, new Message<byte[], byte[]>
    {
        Key = record.Message.Key,
        Value = score.ToByteArray(),
        Timestamp = new Timestamp(TimeOf(score, record.Message.Timestamp.UnixTimestampMs), TimestampType.CreateTime),
    });

    /// <summary>When the batch began, or where that cannot be (before 1970, or after the time it has in the log) the time it has in the log: that the log has taken once, another it may refuse.</summary>
    private static long TimeOf(Score score, long inTheLog) => score.StartTimeMs > 0 && score.StartTimeMs <= inTheLog ? score.StartTimeMs : inTheLog;

    /// <summary>One batch that breaks the detector must not stop all others; it is put aside and counted.</summary>
    private void AddUnscorable(string vin, ConsumeResult<byte[], byte[]> record, Exception failure, TransactionOutput output)
    {
        logger.BatchFailed(failure, vin, record.TopicPartitionOffset);
        AddDeadLetter(record, "Unscorable", failure.Message, output);
    }

    private void AddDeadLetter(ConsumeResult<byte[], byte[]> record, string reason, string detail, TransactionOutput output)
    {
        _counts.AddDeadLetter(reason);
        if (scope is not null) return;
        logger.DeadLettered(DeadLetter.PositionOf(record), reason, detail);
        output.Add(new TopicPartition(topics.DeadLetter, Partition.Any), DeadLetter.Of(record, reason, detail, time.GetUtcNow()));
    }
}
