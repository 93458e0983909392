using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// When a promoted model takes over one partition, live: at once where it was on trial there or nothing came before, else when it has read
/// the vehicles' past. Until then the one before speaks; a profile's first model scores that past instead. For one thread at a time.
/// </summary>
/// <param name="partition">Of the telemetry.</param>
/// <param name="speaking">What scored the partition last.</param>
/// <param name="rewinding">By profile, models that were scoring what came before them.</param>
/// <param name="state">The partition's.</param>
/// <param name="reader">Reads the past.</param>
/// <param name="told">Told what speaks.</param>
/// <param name="time">For pauses after a failure.</param>
/// <param name="logger">Told of each turn.</param>
internal sealed class LiveTurns(
    int partition, ModelSet speaking, IReadOnlyDictionary<string, IDetector> rewinding, PartitionState state, WarmUpReader reader, SpeakingModels told, TimeProvider time, ILogger logger)
{
    /// <summary>
    /// Records of what came meanwhile that a model takes at a time, between two transactions; besides as many as came with the last one, so that it gets
    /// nearer whatever comes. Each costs what scoring it costs: this is how long the partition stands still for it.
    /// </summary>
    internal const int TakenAtOnce = 500;

    /// <summary>Records that are kept, at the most, of what comes while the past is read: at first as many as are taken at once, after each time that these were too few twice as many. What is not kept is read like the past.</summary>
    private const int MostKept = 10_000;

    /// <summary>Offsets of which a profile's first model says at a time what it makes of them: what it said is in memory until it is written.</summary>
    internal const int SaidAtOnce = 4_000;

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
    private readonly Dictionary<string, IDetector> _rewinding = new(rewinding, StringComparer.Ordinal);
    private ModelSet _speaking = speaking;
    private ModelSet? _wanted;

    /// <summary>Whether a model that scores what came before it can begin or go on, though no record comes.</summary>
    public bool HasWork(ModelSet wanted) =>
        _catchUps.Exists(catchUp => catchUp is { WarmUp.IsRewind: true, Reading.IsCompleted: true })
        || ((!ReferenceEquals(wanted, _wanted) || _failures.Count > 0) && wanted.Active.Keys.Any(profile => IsRewound(profile) && !IsReading(profile) && !MustWait(profile)));

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
            if (next is not null && IsRewound(profile)) BeginRewind(profile, next, offset);
            else if (before is not null && next is not null && before.ModelId != next.ModelId && !IsWarm(profile, next, offset))
            {
                if (_timed > 0) Begin(profile, before.ModelId, next, offset);
                else _wanted = null; // no record yet that says what time it is
            }
            else
            {
                Drop(profile);
                if (next is not null) state.Unscored.Remove(profile);
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
        if (over.IsRewind) logger.HasRewound(over.Model.ModelId, over.Profile, partition, offset);
        else logger.TakesOver(over.Model.ModelId, over.Profile, partition, offset, over.From);
        _wanted = null; // another may have been promoted while it scored what came before it
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

    /// <summary>Whether batches of a profile came before it had a model, and are to be scored by its first one. One that has begun to say something of them says all: else nobody would clear the alerts that it raised.</summary>
    private bool IsRewound(string profile) => _speaking.ActiveOf(profile) is null && state.Unscored.Find(profile) is { } unscored && (reader.Rewinds || unscored.Model is not null);

    private bool IsReading(string profile) => _catchUps.Exists(catchUp => catchUp.WarmUp.Profile == profile) || state.WarmUps.Any(warmUp => warmUp.Profile == profile);

    private bool MustWait(string profile) => _failures.TryGetValue(profile, out var failed) && time.GetUtcNow() < failed.Again;

    private void Begin(string profile, string before, IDetector model, long offset)
    {
        if (_catchUps.Exists(catchUp => IsFor(catchUp.WarmUp)) || state.WarmUps.Any(IsFor)) return;
        if (_failures.GetValueOrDefault(profile)?.ModelId == model.ModelId && MustWait(profile)) return;
        var warmUp = new WarmUp(partition, profile, model);
        Read(warmUp, () => reader.BeginAsync(warmUp, Now() - reader.Back, offset));
        logger.ReadsThePast(model.ModelId, profile, partition, before);

        bool IsFor(WarmUp other) => other.Profile == profile && other.Model.ModelId == model.ModelId;
    }

    /// <summary>Whatever is promoted meanwhile: the model that has begun to say something goes on until it has scored all of it, and only then may another take over. Also where reading failed, and after a restart where it can be loaded.</summary>
    private void BeginRewind(string profile, IDetector next, long offset)
    {
        if (IsReading(profile) || MustWait(profile)) return;
        var unscored = state.Unscored.Find(profile)!;
        var model = _rewinding[profile] = unscored.Model is null ? next : _rewinding.GetValueOrDefault(profile, next);
        var warmUp = new WarmUp(partition, profile, model) { SaysFrom = unscored.ToOffset, Former = state.FormerAlerts() };
        Read(warmUp, () => reader.RewindAsync(warmUp, unscored.FromOffset, offset, SaidAtOnce));
        logger.Rewinds(warmUp.Model.ModelId, profile, partition, unscored.ToOffset, offset);
    }

    private void Read(WarmUp warmUp, Func<Task> read)
    {
        var failed = _failures.GetValueOrDefault(warmUp.Profile);
        Drop(warmUp.Profile);
        _catchUps.Add(new CatchUp(warmUp) { Reading = read(), Pause = failed?.ModelId == warmUp.Model.ModelId ? failed.Pause : TimeSpan.Zero });
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
        else
        {
            var all = catchUp.TakeKept(TakenAtOnce + took, _decoder, _buffer);
            if (catchUp.WarmUp.IsRewind) state.Rewound(catchUp.WarmUp, catchUp.WarmUp.ReadTo);
            if (all is null) ReadOn(catchUp, offset);
            if (all != true) return;
            _catchUps.Remove(catchUp);
            state.Begin(catchUp.WarmUp);
        }
    }

    private void ReadOn(CatchUp catchUp, long offset)
    {
        var warmUp = catchUp.WarmUp;
        catchUp.Room = Math.Min(2 * catchUp.Room, MostKept);
        if (warmUp.IsRewind && offset - warmUp.ReadTo > SaidAtOnce) catchUp.Reading = reader.ContinueAsync(warmUp, offset, SaidAtOnce);
        else
        {
            catchUp.KeepFromHere();
            catchUp.Reading = reader.ContinueAsync(warmUp, offset);
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
        // A profile's first model reads its past in pieces: what comes meanwhile is kept while it reads the last one.
        private Queue<ConsumeResult<byte[], byte[]>>? _kept = warmUp.IsRewind ? null : new();

        public WarmUp WarmUp { get; } = warmUp;

        public required Task Reading { get; set; }

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
                if (TelemetryRecord.Read(record, decoder, buffer).Batch is { } batch) WarmUp.Take(batch, record);
                WarmUp.ReadTo = record.Offset + 1;
            }

            return _kept.Count == 0;
        }
    }
}
