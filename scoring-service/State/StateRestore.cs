using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// Rebuilds partitions: loads each vehicle's last snapshot, then reads the telemetry since the checkpoint again, with the models that scored
/// it then and without output. The result is the state that the last commit left behind.
/// </summary>
internal sealed class StateRestore(
    IOptions<KafkaOptions> kafka, IOptions<ScoringOptions> options, IModelSource models, ScoringMetrics metrics, TimeProvider time, ILogger<StateRestore> logger,
    ILogger<PartitionScorer> scorerLogger, ReplayScope? scope = null, WarmUpReader? warmUps = null, SpeakingModels? speaking = null) : IPartitionProcessorFactory
{
    private readonly ScoringTopics _topics = options.Value.Topics;
    private readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = options.Value.Parallelism > 0 ? options.Value.Parallelism : Environment.ProcessorCount };

    public async Task<IReadOnlyDictionary<TopicPartition, IPartitionProcessor>> RestoreAsync(IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        await models.Ready.WaitAsync(cancel);
        var partitions = next.ToDictionary(n => n.Key.Partition.Value, n => new Restored(new PartitionState(n.Key.Partition.Value, options.Value.SnapshotEvery), n.Value));
        var (all, snapshots) = await LoadAsync(partitions, cancel);
        var (batches, detectors) = await ReplayAsync(partitions, all, cancel);

        var took = Stopwatch.GetElapsedTime(started);
        metrics.Restored(took, batches);
        logger.Restored(partitions.Count, snapshots, batches, took);
        return next.Keys.ToDictionary(partition => partition, partition =>
        {
            var (state, resumeAt) = (partitions[partition.Partition.Value].State, partitions[partition.Partition.Value].Next);
            var turns = warmUps is null ? null : new LiveTurns(partition.Partition.Value, Speaking(state, resumeAt, detectors), Rewinding(state, detectors), state, warmUps, speaking ?? new SpeakingModels(), time, scorerLogger);
            return (IPartitionProcessor)new PartitionScorer(partition.Partition.Value, resumeAt, state, models, _topics, scope, metrics, time, scorerLogger, turns);
        });
    }

    /// <summary>Reads the last snapshots and checkpoints.</summary>
    /// <returns>How many partitions there are in all, and how many snapshots were loaded.</returns>
    private async Task<(int Partitions, int Snapshots)> LoadAsync(Dictionary<int, Restored> partitions, CancellationToken cancel)
    {
        var reader = new LogReader(kafka.Value, "scoring-service-restore", logger);
        var all = await reader.FindAsync(_topics.State, LogStart.Beginning, cancel);
        var ranges = all.Where(range => partitions.ContainsKey(range.Partition.Partition.Value)).ToList();
        await reader.ReadAsync(ranges, (records, _) =>
        {
            foreach (var record in records)
            {
                if (record.Message is not { Key: { } key, Value: { } value }) continue;
                var partition = partitions[record.Partition.Value];
                if (key.AsSpan().SequenceEqual(PartitionScorer.CheckpointKey)) partition.Checkpoint = ScoringCheckpoint.Parser.ParseFrom(value);
                else partition.Newest[Encoding.UTF8.GetString(key)] = value;
            }

            return ValueTask.CompletedTask;
        }, cancel);

        var snapshots = 0;
        Parallel.ForEach(partitions.Values, _parallel, partition =>
        {
            foreach (var (vin, value) in partition.Newest) Restore(partition.State, vin, value);
            Interlocked.Add(ref snapshots, partition.Newest.Count);
            partition.Newest.Clear();
        });
        return (all.Count, snapshots);
    }

    private void Restore(PartitionState state, string vin, byte[] snapshot)
    {
        try
        {
            state.Restore(VehicleState.Parser.ParseFrom(snapshot));
        }
        catch (Exception e) when (e is InvalidDataException or Google.Protobuf.InvalidProtocolBufferException)
        {
            logger.SnapshotUnreadable(e, vin);
        }
    }

    /// <summary>Folds what came after the snapshots.</summary>
    private async Task<(long Batches, Dictionary<string, IDetector?> Detectors)> ReplayAsync(Dictionary<int, Restored> partitions, int all, CancellationToken cancel)
    {
        var detectors = new Dictionary<string, IDetector?>(StringComparer.Ordinal);
        foreach (var (number, partition) in partitions)
        {
            if (_topics.WatchFleet) partition.State.Fleet = partition.Checkpoint is { Fleet.Length: > 0 } told ? FleetTally.Restore(number, all, told.Fleet) : new FleetTally(number, all);
            if (partition.Checkpoint is { } checkpoint)
            {
                if (checkpoint.NextOffset != partition.Next) logger.OffsetsDiffer(number, partition.Next, checkpoint.NextOffset);
                partition.Next = Math.Max(partition.Next, checkpoint.NextOffset);
                partition.State.Models.Add(checkpoint);
                partition.State.Unscored.Add(checkpoint);
                foreach (var offset in checkpoint.PutAside) partition.State.PutAside(offset);
            }
            else
            {
                // Committed offsets without a checkpoint: the state topic was lost, or nothing is scored yet. All telemetry is folded again.
                ModelStretch stretch;
                for (var offset = Beginning(number); offset < partition.Next; offset = stretch.Until)
                {
                    stretch = models.At(number, offset);
                    partition.State.Models.Switch(stretch.Models, offset);
                    partition.Planned.AddRange(stretch.Warming);
                }
            }

            foreach (var (profile, modelId) in partition.State.Models.Models.Concat(partition.State.Unscored.All.Where(span => span.Model is not null).Select(span => (span.Profile, span.Model.ModelId))))
            {
                if (!detectors.ContainsKey(modelId)) detectors[modelId] = await models.FindAsync(profile, modelId, cancel);
            }
        }

        foreach (var (number, partition) in partitions) AddWarmUps(number, partition, detectors);
        var ranges = partitions
            .Select(p => new LogRange(new TopicPartition(_topics.Telemetry, p.Key), p.Value.State.WarmUps.Select(warmUp => warmUp.From).Append(p.Value.ReplayFrom).Min(), p.Value.Next))
            .Where(range => range.Length > 0).ToList();
        long batches = 0;
        var reader = new LogReader(kafka.Value, "scoring-service-restore", logger);
        await reader.ReadAsync(ranges, (records, _) =>
        {
            Interlocked.Add(ref batches, records.Count);
            Parallel.ForEach(records.GroupBy(record => record.Partition.Value), _parallel, group =>
            {
                var partition = partitions[group.Key];
                foreach (var record in group) Replay(partition, record, detectors);
                Tell(partition);
            });
            return ValueTask.CompletedTask;
        }, cancel);
        return (batches, detectors);
    }

    /// <summary>Models that had read along before they took over, or in a replay are just doing so, read that again: no snapshot has it.</summary>
    private void AddWarmUps(int number, Restored partition, Dictionary<string, IDetector?> detectors)
    {
        partition.ReplayFrom = partition.Checkpoint?.ReplayFrom ?? Beginning(number);
        foreach (var span in partition.State.Models.Active.Where(span => span.HasWarmedFrom && span.FromOffset >= partition.ReplayFrom))
        {
            if (detectors.GetValueOrDefault(span.ModelId) is { } model) partition.State.Begin(new WarmUp(number, span.Profile, model, span.FromOffset) { From = span.WarmedFrom });
        }

        // One that takes over at the very record with which it goes on has read until there too.
        long[] borders = [Math.Max(0, partition.Next - 1), partition.Next];
        foreach (var planned in partition.Planned.Concat(borders.SelectMany(offset => models.At(number, offset).Warming)).Distinct().Where(planned => planned.From < partition.Next))
            partition.State.Begin(new WarmUp(number, planned.Profile, planned.Model, planned.Until) { From = planned.From });
    }

    /// <summary>The models that scored what is restored last.</summary>
    private static ModelSet Speaking(PartitionState state, long next, Dictionary<string, IDetector?> detectors) => ModelSet.Empty with
    {
        Active = ModelSet.Empty.Active.AddRange(state.Models.Active.Select(span => span.Profile).Distinct()
            .Select(profile => (Profile: profile, Model: state.Models.ActiveAt(profile, next) is { } id ? detectors.GetValueOrDefault(id) : null))
            .Where(found => found.Model is not null).Select(found => KeyValuePair.Create(found.Profile, found.Model!))),
    };

    /// <summary>The models that were scoring what came before them.</summary>
    private static Dictionary<string, IDetector> Rewinding(PartitionState state, Dictionary<string, IDetector?> detectors) => state.Unscored.All
        .Where(span => span.Model is not null && detectors.GetValueOrDefault(span.Model.ModelId) is not null).ToDictionary(span => span.Profile, span => detectors[span.Model.ModelId]!);

    private long Beginning(int partition) => scope?.Telemetry[partition].From ?? 0;

    private static void Replay(Restored partition, ConsumeResult<byte[], byte[]> record, Dictionary<string, IDetector?> detectors)
    {
        var state = partition.State;
        if (state.IsPutAside(record.Offset)) return;
        if (state.WarmUps.Count > 0 && TelemetryRecord.Read(record, partition.Decoder, partition.Buffer).Batch is { } past) state.Warm(past, record);
        if (record.Offset < partition.ReplayFrom) return;
        if (record.Message.Key is { } key && state.Contains(Encoding.UTF8.GetString(key), record.Offset)) return;
        var turn = partition.Group.Read(record);
        if (turn.Telemetry.Batch is { } batch)
        {
            var modelId = state.Models.ActiveAt(batch.Profile, record.Offset);
            if (modelId is null && partition.Checkpoint is null) state.Unscored.Note(batch.Profile, record.Offset);
            var shadows = state.Models.ShadowsAt(batch.Profile, record.Offset);
            state.Add(
                turn, modelId is null ? null : detectors.GetValueOrDefault(modelId),
                shadows.Count == 0 ? [] : [.. shadows.Select(id => detectors.GetValueOrDefault(id)).OfType<IDetector>()]);
        }

        if (partition.Group.IsFull) Tell(partition);
    }

    /// <summary>Takes what was folded into the fleet's sums. All else was written before.</summary>
    private static void Tell(Restored partition)
    {
        var fleet = partition.Checkpoint is null ? partition.State.Fleet : null; // else it is in the checkpoint
        foreach (var turn in partition.Group.Take())
        {
            if (partition.Checkpoint is null && turn.Telemetry.Batch is { } said) Announce(partition.State, turn, said);
            if (turn.Telemetry.Batch is not { } batch) fleet?.TakeDeadLetter(null);
            else if (turn.Failure is not null) fleet?.TakeDeadLetter(batch); // put aside when it was scored, and the vehicle started anew: the same again
            else if (turn.Result.Outcome is FoldOutcome.Scored or FoldOutcome.Unscored) fleet?.Take(batch, turn.Result.Score);
            fleet?.TakeClosed();
        }
    }

    /// <summary>The first score of a model tells how that began, and was written before.</summary>
    private static void Announce(PartitionState state, RecordTurn turn, TelemetryBatch batch)
    {
        if (turn.Failure is not null) state.Models.Failed(batch.Profile, turn.Record.Offset);
        else if (turn.Result.Score is { } score) state.Models.Announce(score);
    }

    private sealed class Restored(PartitionState state, long next)
    {
        public PartitionState State { get; } = state;

        public RecordGroup Group { get; } = new(state);

        /// <summary>Each vehicle's last snapshot, while they are read.</summary>
        public Dictionary<string, byte[]> Newest { get; } = new(StringComparer.Ordinal);

        public List<PlannedWarmUp> Planned { get; } = [];

        public TelemetryDecoder Decoder { get; } = new();

        public TelemetryBatch Buffer { get; } = new();

        public long Next { get; set; } = next;

        /// <summary>From here on batches may be newer than their vehicle's snapshot.</summary>
        public long ReplayFrom { get; set; }

        public ScoringCheckpoint? Checkpoint { get; set; }
    }
}
