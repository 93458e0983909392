using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>
/// Adds up what the vehicles of one partition do, by what they have in common and by minute of event time. A fold of the partition: the same
/// batches in the same order give the same minutes. For one thread at a time.
/// </summary>
/// <param name="partition">Which one.</param>
/// <param name="partitions">How many there are.</param>
public sealed class FleetTally(int partition, int partitions)
{
    /// <summary>A minute is closed when a batch comes that begins so long after its end.</summary>
    public const long LateMs = 60_000;

    private const long MinuteMs = 60_000, JumpMs = 600_000;
    private const int JumpAfter = 20;

    private readonly SortedDictionary<long, Dictionary<FleetGroup, FleetSums>> _open = [];
    private readonly Dictionary<(int, int), string> _regions = [];
    private readonly Dictionary<float, string> _firmwares = [];
    private readonly List<FleetMinute> _closed = [];
    private long _newestMs = long.MinValue;
    private long _closedMs = long.MinValue;
    private int _ahead;
    private ulong _late;

    /// <summary>Takes a batch that was new.</summary>
    public void Take(TelemetryBatch batch, Score? score)
    {
        if (!Advance(batch.StartTimeMs)) return;
        foreach (var sums in Groups(batch, batch.StartTimeMs))
        {
            sums.Batches++;
            if (score is null) continue;
            sums.Scored++;
            sums.ScoreSum += (ulong)MathF.Round(Math.Clamp(score.Score_, 0, 1) * 1e6f);
            if (score.Score_ >= AlertPolicy.RaiseAt) sums.Odd++;
        }
    }

    /// <summary>Takes a record that could not be scored: it counts for the newest minute.</summary>
    /// <param name="batch">What it was, where it could be read.</param>
    public void TakeDeadLetter(TelemetryBatch? batch)
    {
        if (_newestMs == long.MinValue) return;
        if (batch is null) Sums(_newestMs, new(FleetDimension.Profile, "")).DeadLetters++;
        else foreach (var sums in Groups(batch, _newestMs)) sums.DeadLetters++;
    }

    /// <summary>Minutes that were closed since the last call.</summary>
    public IReadOnlyList<FleetMinute> TakeClosed()
    {
        if (_closed.Count == 0) return [];
        var closed = _closed.ToList();
        _closed.Clear();
        return closed;
    }

    public ByteString Save() => new FleetTallyState
    {
        NewestMs = _newestMs,
        Ahead = _ahead,
        ClosedMs = _closedMs,
        Late = _late,
        Open = { _open.Select(minute => Minute(minute.Key, minute.Value)) },
    }.ToByteString();

    /// <exception cref="InvalidProtocolBufferException">It is damaged.</exception>
    public static FleetTally Restore(int partition, int partitions, ByteString saved)
    {
        var state = FleetTallyState.Parser.ParseFrom(saved);
        var tally = new FleetTally(partition, partitions) { _newestMs = state.NewestMs, _ahead = state.Ahead, _closedMs = state.ClosedMs, _late = state.Late };
        foreach (var minute in state.Open) tally._open[minute.StartMs] = minute.Groups.ToDictionary(sums => new FleetGroup(sums.Dimension, sums.Value));
        return tally;
    }

    /// <summary>Moves on to a batch's time; false where the batch does not count.</summary>
    private bool Advance(long timeMs)
    {
        // One clock that is far ahead must not close the minutes of all others.
        if (_newestMs != long.MinValue && timeMs > _newestMs + JumpMs && ++_ahead < JumpAfter) return false;
        if (timeMs > _newestMs) _newestMs = timeMs;
        _ahead = 0;
        while (_open.Count > 0 && _open.First() is var (start, groups) && start + MinuteMs + LateMs <= _newestMs)
        {
            var minute = Minute(start, groups);
            (minute.Late, _late) = (_late, 0);
            _closed.Add(minute);
            _closedMs = start + MinuteMs;
            _open.Remove(start);
        }

        if (timeMs >= _closedMs) return true;
        _late++;
        return false;
    }

    private IEnumerable<FleetSums> Groups(TelemetryBatch batch, long timeMs)
    {
        yield return Sums(timeMs, new(FleetDimension.Profile, batch.Profile));
        FleetGroup.Read(batch, out var field, out var firmware);
        if (field is { } corner)
        {
            if (!_regions.TryGetValue(corner, out var region)) _regions.Add(corner, region = FleetGroup.RegionName(corner));
            yield return Sums(timeMs, new(FleetDimension.Region, region));
        }

        if (firmware is not { } number) yield break;
        if (!_firmwares.TryGetValue(number, out var version)) _firmwares.Add(number, version = FleetGroup.FirmwareName(number));
        yield return Sums(timeMs, new(FleetDimension.Firmware, version));
    }

    private FleetSums Sums(long timeMs, FleetGroup group)
    {
        var start = timeMs - (((timeMs % MinuteMs) + MinuteMs) % MinuteMs);
        if (!_open.TryGetValue(start, out var groups)) _open.Add(start, groups = []);
        if (!groups.TryGetValue(group, out var sums)) groups.Add(group, sums = new FleetSums { Dimension = group.Dimension, Value = group.Value });
        return sums;
    }

    private FleetMinute Minute(long start, Dictionary<FleetGroup, FleetSums> groups) => new()
    {
        Partition = partition,
        Partitions = partitions,
        StartMs = start,
        Groups = { groups.OrderBy(group => group.Key.Dimension).ThenBy(group => group.Key.Value, StringComparer.Ordinal).Select(group => group.Value.Clone()) },
    };
}
