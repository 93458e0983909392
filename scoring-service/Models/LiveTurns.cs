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
/// <param name="logger">Told of each turn.</param>
internal sealed class LiveTurns(int partition, ModelSet speaking, PartitionState state, WarmUpReader reader, ILogger logger)
{
    /// <summary>Records that are kept of what comes while the past is read; where more come, as with a scorer that is behind, they are read like the past, and the model takes over once it has caught up.</summary>
    private const int MostKept = 10_000;

    private readonly List<CatchUp> _catchUps = [];
    private readonly TelemetryDecoder _decoder = new();
    private readonly TelemetryBatch _buffer = new();
    private ModelSet _speaking = speaking;
    private ModelSet? _wanted;

    /// <summary>The models that score from a record on.</summary>
    /// <param name="wanted">Those that are active or on trial now.</param>
    /// <param name="first">The next record.</param>
    /// <param name="offset">Its offset, or a later one where it is passed over.</param>
    public ModelSet At(ModelSet wanted, ConsumeResult<byte[], byte[]> first, long offset)
    {
        if (ReferenceEquals(wanted, _wanted) && _catchUps.Count == 0) return _speaking;
        _wanted = wanted;
        var active = _speaking.Active;
        foreach (var profile in wanted.Active.Keys.Union(active.Keys).ToList())
        {
            var (before, next) = (_speaking.ActiveOf(profile), wanted.ActiveOf(profile));
            if (before is not null && next is not null && before.ModelId != next.ModelId && !IsWarm(profile, next, offset)) Begin(profile, next, first, offset);
            else
            {
                Drop(profile);
                active = next is null ? active.Remove(profile) : active.SetItem(profile, next);
            }
        }

        foreach (var catchUp in _catchUps.ToList()) Advance(catchUp, offset);
        return _speaking = new ModelSet(active, wanted.Shadows);
    }

    /// <summary>A model has taken over.</summary>
    /// <returns>The models that score from here on.</returns>
    public ModelSet TakeOver(WarmUp over, long offset)
    {
        logger.TakesOver(over.Model.ModelId, over.Profile, partition, offset, over.From);
        return _speaking = _speaking with { Active = _speaking.Active.SetItem(over.Profile, over.Model) };
    }

    /// <summary>Told of every record that is scored.</summary>
    public void Took(ConsumeResult<byte[], byte[]> record)
    {
        foreach (var catchUp in _catchUps)
        {
            catchUp.Kept?.Add(record);
            if (catchUp.Kept?.Count > MostKept) catchUp.Kept = null;
        }
    }

    /// <summary>The partition is somebody else's: nothing is read for it any more.</summary>
    public void Left()
    {
        foreach (var catchUp in _catchUps) catchUp.WarmUp.Drop();
        _catchUps.Clear();
    }

    private bool IsWarm(string profile, IDetector next, long offset) => reader.Back <= TimeSpan.Zero || offset == 0 || state.Models.ShadowsAt(profile, offset).Contains(next.ModelId);

    private void Begin(string profile, IDetector model, ConsumeResult<byte[], byte[]> first, long offset)
    {
        if (_catchUps.Exists(catchUp => IsFor(catchUp.WarmUp)) || state.WarmUps.Any(IsFor)) return;
        Drop(profile);
        var warmUp = new WarmUp(partition, profile, model);
        var from = DateTimeOffset.FromUnixTimeMilliseconds(first.Message.Timestamp.UnixTimestampMs) - reader.Back;
        _catchUps.Add(new CatchUp(warmUp) { Reading = reader.BeginAsync(warmUp, from, offset), Until = offset });

        bool IsFor(WarmUp other) => other.Profile == profile && other.Model.ModelId == model.ModelId;
    }

    private void Advance(CatchUp catchUp, long offset)
    {
        if (!catchUp.Reading.IsCompleted) return;
        if (catchUp.Reading.Exception is { } failure)
        {
            logger.WarmUpFailed(failure, catchUp.WarmUp.Model.ModelId, catchUp.WarmUp.Profile, partition);
            Drop(catchUp.WarmUp.Profile);
            _wanted = null; // begun again with the next records
        }
        else if (catchUp.Kept is { } kept)
        {
            foreach (var record in kept)
            {
                if (TelemetryRecord.Read(record, _decoder, _buffer).Batch is { } batch) catchUp.WarmUp.Take(batch, record.Offset);
            }

            _catchUps.Remove(catchUp);
            state.Begin(catchUp.WarmUp);
        }
        else
        {
            catchUp.Kept = [];
            catchUp.Reading = reader.ContinueAsync(catchUp.WarmUp, catchUp.Until, offset);
            catchUp.Until = offset;
        }
    }

    private void Drop(string profile)
    {
        foreach (var catchUp in _catchUps.Where(catchUp => catchUp.WarmUp.Profile == profile)) catchUp.WarmUp.Drop();
        _catchUps.RemoveAll(catchUp => catchUp.WarmUp.Profile == profile);
        state.DropWarmUps(profile);
    }

    /// <summary>A model that reads the past.</summary>
    private sealed class CatchUp(WarmUp warmUp)
    {
        public WarmUp WarmUp { get; } = warmUp;

        public required Task Reading { get; set; }

        /// <summary>What it has read when <see cref="Reading"/> completes.</summary>
        public required long Until { get; set; }

        /// <summary>What came since; null where that became too much.</summary>
        public List<ConsumeResult<byte[], byte[]>>? Kept { get; set; } = [];
    }
}
