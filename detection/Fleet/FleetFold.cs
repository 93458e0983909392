using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>
/// Finds what many vehicles have in common that are odd, silent or unreadable together: the partitions' minutes are added up and each group's
/// measures are watched. What one group explains is one alert: of the groups that are off in a minute the farthest speaks, and while it does, only
/// others of its dimension may. A fold of the minutes; in which order the partitions' come makes no difference. For one thread at a time.
/// </summary>
public sealed class FleetFold
{
    private static readonly FleetMeasure[] Measures = [FleetMeasure.MeanScore, FleetMeasure.MessageRate, FleetMeasure.DeadLetterRate];

    private readonly Dictionary<int, (long Minute, long WrittenMs)> _reached = [];
    private readonly SortedDictionary<long, Minute> _minutes = [];
    private readonly Dictionary<(FleetMeasure, FleetGroup), FleetSeries> _series = [];
    private readonly Dictionary<(FleetMeasure, FleetGroup), Episode> _open = [];
    private long _judged = long.MinValue;
    private long _firstWrittenMs = long.MinValue;
    private long _newestWrittenMs = long.MinValue;

    /// <summary>The alerts that are open.</summary>
    public IEnumerable<FleetAlert> Open => _open.Values.Select(episode => episode.Alert);

    /// <summary>Minutes that came after theirs was judged: they have no effect.</summary>
    public long Late { get; private set; }

    /// <summary>Takes a partition's next minute.</summary>
    /// <param name="minute">What it did.</param>
    /// <param name="writtenMs">When that was written to the log: partitions may be read at very different speeds, so event time does not say which has fallen silent.</param>
    /// <returns>Alerts that were raised or cleared.</returns>
    public IReadOnlyList<FleetAlert> Take(FleetMinute minute, long writtenMs)
    {
        if (_firstWrittenMs == long.MinValue) _firstWrittenMs = writtenMs;
        _newestWrittenMs = Math.Max(_newestWrittenMs, writtenMs);
        _reached[minute.Partition] = (Math.Max(_reached.GetValueOrDefault(minute.Partition, (long.MinValue, 0)).Item1, minute.StartMs), writtenMs);
        if (minute.StartMs <= _judged)
        {
            Late++;
        }
        else
        {
            if (!_minutes.TryGetValue(minute.StartMs, out var added)) _minutes.Add(minute.StartMs, added = new Minute());
            added.Late += minute.Late;
            foreach (var sums in minute.Groups) Add(added.Groups, sums);
        }

        List<FleetAlert>? changed = null;
        var slowest = Slowest(minute.Partitions);
        while (_minutes.Count > 0 && _minutes.First() is var (start, told) && start <= slowest)
        {
            _minutes.Remove(start);
            _judged = start;
            foreach (var measure in Measures)
            {
                if (measure == FleetMeasure.MessageRate && told.IsLate) Forget(measure);
                else Judge(measure, start, told.Groups, changed ??= []);
            }
        }

        return changed ?? (IReadOnlyList<FleetAlert>)[];
    }

    /// <summary>The minute that all partitions have told; a partition that has told a minute has told all before it.</summary>
    private long Slowest(int partitions)
    {
        var slowest = long.MaxValue;
        for (var partition = 0; partition < partitions; partition++)
        {
            var (reached, written) = _reached.GetValueOrDefault(partition, (long.MinValue, _firstWrittenMs));
            if (_newestWrittenMs - written < FleetPolicy.StallMs) slowest = Math.Min(slowest, reached);
        }

        return slowest;
    }

    private void Judge(FleetMeasure measure, long start, Dictionary<FleetGroup, FleetSums> sums, List<FleetAlert> changed)
    {
        foreach (var (key, episode) in _open.Where(open => open.Key.Item1 == measure).OrderBy(open => open.Value.Alert.AlertId, StringComparer.Ordinal).ToList())
        {
            if (!Carry(episode, start, sums.GetValueOrDefault(key.Item2))) continue;
            _open.Remove(key);
            changed.Add(episode.Alert.Clone());
        }

        var speaking = _open.Where(open => open.Key.Item1 == measure).Select(open => open.Key.Item2.Dimension).Distinct().ToList();
        var found = new List<(FleetGroup Group, double Effect, FleetAlert Alert)>();
        // Groups that have fallen silent are watched too.
        var silent = _series.Keys.Where(key => key.Item1 == measure && measure == FleetMeasure.MessageRate && !sums.ContainsKey(key.Item2)).Select(key => key.Item2);
        foreach (var group in sums.Keys.Concat(silent).OrderBy(group => group.Dimension).ThenBy(group => group.Value, StringComparer.Ordinal).ToList())
        {
            // What is off for a reason that is known already says nothing of what is usual.
            if (_open.ContainsKey((measure, group)) || (speaking.Count > 0 && !speaking.Contains(group.Dimension))) continue;
            var now = sums.GetValueOrDefault(group) ?? new FleetSums();
            if (FleetPolicy.Value(measure, now) is not { } observed) continue;
            if (!_series.TryGetValue((measure, group), out var series)) _series.Add((measure, group), series = new FleetSeries());
            var (unusual, p, expected) = series.Take(observed);
            if (!unusual || FleetPolicy.Off(measure, observed, expected) < FleetPolicy.Least(measure, expected)) continue;
            if (measure == FleetMeasure.MessageRate && expected < FleetPolicy.LeastBatches) continue;
            found.Add((group, FleetPolicy.Effect(measure, observed, expected), Raise(measure, group, start, observed, expected, p, now)));
        }

        if (found.Count == 0) return;
        // The cause is not thinned by vehicles that do not have it, so it is the farthest off; between equals, what fewest groups explain.
        var farthest = found.Max(one => one.Effect);
        var cause = speaking.Count > 0 ? speaking[0] : found.GroupBy(one => one.Group.Dimension).Where(dimension => dimension.Max(one => one.Effect) > 0.9 * farthest)
            .OrderBy(dimension => dimension.Count()).ThenBy(dimension => dimension.Key).First().Key;
        foreach (var (group, _, alert) in found.Where(one => one.Group.Dimension == cause || speaking.Contains(one.Group.Dimension)))
        {
            _open.Add((measure, group), new Episode(alert));
            changed.Add(alert.Clone());
        }
    }

    private void Forget(FleetMeasure measure)
    {
        foreach (var key in _series.Keys.Where(key => key.Item1 == measure).ToList()) _series.Remove(key);
    }

    /// <summary>Carries an open alert on; true where it is over.</summary>
    private static bool Carry(Episode episode, long start, FleetSums? sums)
    {
        var alert = episode.Alert;
        sums ??= new FleetSums();
        if (FleetPolicy.Value(alert.Measure, sums) is not { } observed) return false;
        var off = FleetPolicy.Off(alert.Measure, observed, alert.Expected);
        if (off < FleetPolicy.Least(alert.Measure, alert.Expected) / 2)
        {
            if (++episode.Quiet < FleetPolicy.QuietMinutes) return false;
            alert.Status = AlertStatus.Cleared;
            alert.ClearedAtMs = start;
            return true;
        }

        episode.Quiet = 0;
        alert.LastSeenMs = start;
        if (off <= FleetPolicy.Off(alert.Measure, alert.Observed, alert.Expected)) return false;
        (alert.Observed, alert.Batches, alert.Odd) = (observed, sums.Batches, sums.Odd);
        return false;
    }

    private static FleetAlert Raise(FleetMeasure measure, FleetGroup group, long start, double observed, double expected, double p, FleetSums sums) => new()
    {
        AlertId = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{measure}/{group.Dimension}/{group.Value}/{start}"))).AsSpan(0, 16)),
        Dimension = group.Dimension,
        Value = group.Value,
        Measure = measure,
        Status = AlertStatus.Active,
        RaisedAtMs = start,
        LastSeenMs = start,
        Observed = observed,
        Expected = expected,
        PValue = p,
        Batches = sums.Batches,
        Odd = sums.Odd,
    };

    private static void Add(Dictionary<FleetGroup, FleetSums> groups, FleetSums more)
    {
        var key = new FleetGroup(more.Dimension, more.Value);
        if (!groups.TryGetValue(key, out var sums))
        {
            groups.Add(key, more.Clone());
            return;
        }

        sums.Batches += more.Batches;
        sums.Scored += more.Scored;
        sums.ScoreSum += more.ScoreSum;
        sums.Odd += more.Odd;
        sums.DeadLetters += more.DeadLetters;
    }

    /// <summary>What all partitions have told of a minute.</summary>
    private sealed class Minute
    {
        public Dictionary<FleetGroup, FleetSums> Groups { get; } = [];

        public ulong Late { get; set; }

        public bool IsLate => Late > FleetPolicy.LateShare * Groups.Where(group => group.Key.Dimension == FleetDimension.Profile).Sum(group => (double)group.Value.Batches);
    }

    private sealed class Episode(FleetAlert alert)
    {
        public FleetAlert Alert { get; } = alert;

        /// <summary>Minutes in a row near what was expected.</summary>
        public int Quiet { get; set; }
    }
}
