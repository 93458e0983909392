using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// When a promoted model takes over one partition, live: at once where it was on trial there or nothing scored before, else when it has read
/// the vehicles' past. Until then the one before speaks. For one thread at a time.
/// </summary>
/// <param name="partition">Of the telemetry.</param>
/// <param name="speaking">What scored the partition last.</param>
/// <param name="state">The partition's.</param>
/// <param name="reader">Reads the past.</param>
/// <param name="told">Told what speaks.</param>
/// <param name="time">For pauses after a failure.</param>
/// <param name="logger">Told of each turn.</param>
internal sealed class LiveTurns(int partition, ModelSet speaking, PartitionState state, WarmUpReader reader, SpeakingModels told, TimeProvider time, ILogger logger)
{
    /// <summary>
    /// Records of what came meanwhile that a model takes at a time, between two transactions; besides as many as came with the last one, so that it gets
    /// nearer whatever comes. Each costs what scoring it costs: this is how long the partition stands still for it.
    /// </summary>
    internal const int TakenAtOnce = 500;

    /// <summary>Records that are kept, at the most, of what comes while the past is read: at first as many as are taken at once, after each time that these were too few twice as many. What is not kept is read like the past.</summary>
    private const int MostKept = 10_000;

    /// <summary>Of so many records the times are remembered.</summary>
    private const int Times = 64;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromMinutes(2);

    private readonly List<CatchUp> _catchUps = [];
    private readonly Dictionary<string, Failure> _failures = new(StringComparer.Ordinal);
    private readonly long[] _times = new long[Times];
    private long _timed;
    private int _took;
    private readonly TelemetryDecoder _decoder = new();
    private readonly TelemetryBatch _buffer = new();
    private ModelSet _speaking = speaking;
    private ModelSet? _wanted;

    /// <summary>The models that score from a record on.</summary>
    /// <param name="wanted">Those that are active or on trial now.</param>
    /// <param name="records">The next records.</param>
    /// <param name="offset">Of the first of them, or a later one where it is passed over.</param>
    public ModelSet At(ModelSet wanted, IReadOnlyList<ConsumeResult<byte[], byte[]>> records, long offset)
    {
        for (var i = Math.Max(0, records.Count - Times); i < records.Count; i++) _times[_timed++ % Times] = records[i].Message.Timestamp.UnixTimestampMs;
        var took = _took;
        _took = 0;
        if (ReferenceEquals(wanted, _wanted) && _catchUps.Count == 0 && _failures.Count == 0) return _speaking;
        _wanted = wanted;
        var active = _speaking.Active;
        foreach (var profile in wanted.Active.Keys.Union(active.Keys).ToList())
        {
            var (before, next) = (_speaking.ActiveOf(profile), wanted.ActiveOf(profile));
            if (before is not null && next is not null && before.ModelId != next.ModelId && !IsWarm(profile, next, offset)) Begin(profile, before.ModelId, next, offset);
            else
            {
                Drop(profile);
                active = next is null ? active.Remove(profile) : active.SetItem(profile, next);
            }
        }

        foreach (var catchUp in _catchUps.ToList()) Advance(catchUp, offset, took);
        return Speak(new ModelSet(active, wanted.Shadows));
    }

    /// <summary>A model has taken over.</summary>
    /// <returns>The models that score from here on.</returns>
    public ModelSet TakeOver(WarmUp over, long offset)
    {
        logger.TakesOver(over.Model.ModelId, over.Profile, partition, offset, over.From);
        return Speak(_speaking with { Active = _speaking.Active.SetItem(over.Profile, over.Model) });
    }

    /// <summary>Told of every record that is scored.</summary>
    public void Took(ConsumeResult<byte[], byte[]> record)
    {
        _took++;
        foreach (var catchUp in _catchUps) catchUp.Keep(record);
    }

    /// <summary>The partition is somebody else's: nothing is read for it any more.</summary>
    public void Left()
    {
        foreach (var catchUp in _catchUps) catchUp.WarmUp.Drop();
        _catchUps.Clear();
        told.Left(partition);
    }

    private ModelSet Speak(ModelSet models)
    {
        told.Tell(partition, models.Active, [.. _catchUps.Select(catchUp => catchUp.WarmUp).Concat(state.WarmUps).Select(warmUp => (warmUp.Profile, warmUp.Model.ModelId))]);
        return _speaking = models;
    }

    private bool IsWarm(string profile, IDetector next, long offset) => reader.Back <= TimeSpan.Zero || offset == 0 || state.Models.ShadowsAt(profile, offset).Contains(next.ModelId);

    private void Begin(string profile, string before, IDetector model, long offset)
    {
        if (_catchUps.Exists(catchUp => IsFor(catchUp.WarmUp)) || state.WarmUps.Any(IsFor)) return;
        var failed = _failures.GetValueOrDefault(profile);
        if (failed?.ModelId != model.ModelId) failed = null;
        if (failed is not null && time.GetUtcNow() < failed.Again) return;
        Drop(profile);
        var warmUp = new WarmUp(partition, profile, model);
        _catchUps.Add(new CatchUp(warmUp) { Reading = reader.BeginAsync(warmUp, Now() - reader.Back, offset), Until = offset, Pause = failed?.Pause ?? TimeSpan.Zero });
        logger.ReadsThePast(model.ModelId, profile, partition, before);

        bool IsFor(WarmUp other) => other.Profile == profile && other.Model.ModelId == model.ModelId;
    }

    /// <summary>The time of what comes now: the middle one of the last records' times. A vehicle with a wrong clock, or one that sends what it had kept, moves neither the newest nor the oldest of them far from where the others are.</summary>
    private DateTimeOffset Now()
    {
        var times = _times.AsSpan(0, (int)Math.Min(_timed, Times)).ToArray();
        Array.Sort(times);
        var middle = Math.Clamp(times[times.Length / 2], DateTimeOffset.UnixEpoch.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds());
        return DateTimeOffset.FromUnixTimeMilliseconds(middle);
    }

    private void Advance(CatchUp catchUp, long offset, int took)
    {
        if (!catchUp.Reading.IsCompleted) return;
        if (catchUp.Reading.Exception is { } failure)
        {
            var (warmUp, pause) = (catchUp.WarmUp, catchUp.Pause == TimeSpan.Zero ? FirstPause : 2 * catchUp.Pause);
            if (pause > LongestPause) pause = LongestPause;
            logger.WarmUpFailed(failure, warmUp.Model.ModelId, warmUp.Profile, partition, pause);
            Drop(warmUp.Profile);
            _failures[warmUp.Profile] = new(warmUp.Model.ModelId, pause, time.GetUtcNow() + pause);
        }
        else if (catchUp.TakeKept(TakenAtOnce + took, _decoder, _buffer) is { } all)
        {
            if (!all) return;
            _catchUps.Remove(catchUp);
            state.Begin(catchUp.WarmUp);
        }
        else
        {
            catchUp.Room = Math.Min(2 * catchUp.Room, MostKept);
            catchUp.KeepFromHere();
            catchUp.Reading = reader.ContinueAsync(catchUp.WarmUp, catchUp.Until, offset);
            catchUp.Until = offset;
        }
    }

    private void Drop(string profile)
    {
        foreach (var catchUp in _catchUps.Where(catchUp => catchUp.WarmUp.Profile == profile)) catchUp.WarmUp.Drop();
        _catchUps.RemoveAll(catchUp => catchUp.WarmUp.Profile == profile);
        _failures.Remove(profile);
        state.DropWarmUps(profile);
    }

    /// <summary>A model whose reading failed.</summary>
    /// <param name="ModelId">Which one.</param>
    /// <param name="Pause">After this it is tried again.</param>
    /// <param name="Again">When that is.</param>
    private sealed record Failure(string ModelId, TimeSpan Pause, DateTimeOffset Again);

    /// <summary>A model that reads the past.</summary>
    private sealed class CatchUp(WarmUp warmUp)
    {
        private Queue<ConsumeResult<byte[], byte[]>>? _kept = new();

        public WarmUp WarmUp { get; } = warmUp;

        public required Task Reading { get; set; }

        /// <summary>What it has read when <see cref="Reading"/> completes.</summary>
        public required long Until { get; set; }

        /// <summary>How long was waited before it was begun.</summary>
        public required TimeSpan Pause { get; init; }

        /// <summary>Records that are kept of what comes while it reads.</summary>
        public int Room { get; set; } = TakenAtOnce;

        public void KeepFromHere() => _kept = new();

        public void Keep(ConsumeResult<byte[], byte[]> record)
        {
            _kept?.Enqueue(record);
            if (_kept?.Count > Room && !Reading.IsCompleted) _kept = null;
        }

        /// <summary>Gives the model some of what was kept.</summary>
        /// <returns>Whether that was all; null where not everything was kept.</returns>
        public bool? TakeKept(int most, TelemetryDecoder decoder, TelemetryBatch buffer)
        {
            if (_kept is null) return null;
            for (; most > 0 && _kept.TryDequeue(out var record); most--)
            {
                if (TelemetryRecord.Read(record, decoder, buffer).Batch is { } batch) WarmUp.Take(batch, record.Offset);
            }

            return _kept.Count == 0;
        }
    }
}
