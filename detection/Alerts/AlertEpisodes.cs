using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>
/// Makes episodes of one vehicle's scores: at most one open alert of each type, raised at 0.5, going on while the score stays near, cleared
/// after five quiet minutes of event time. What is raised again within ten minutes of that is no new alert: the episode goes on. A fold like
/// the window: the same scores give the same alerts with the same ids.
/// </summary>
public sealed class AlertEpisodes(string vin)
{
    private static readonly int TypeCount = Enum.GetValues<AlertType>().Max(type => (int)type) + 1;

    // By type; few vehicles have any.
    private readonly SortedDictionary<AlertType, Episode> _open = [];
    // Those that were cleared so recently that they may go on.
    private readonly SortedDictionary<AlertType, Alert> _cleared = [];
    private AlertType _candidate;
    private int _candidateBatches;

    /// <summary>Types of the alerts that are open.</summary>
    public IEnumerable<AlertType> Open => _open.Keys;

    /// <summary>Takes the vehicle's next score.</summary>
    /// <param name="score">With the offset of its telemetry.</param>
    /// <param name="endMs">Event time at which its samples end.</param>
    /// <param name="partition">Partition of its telemetry.</param>
    /// <param name="batch">Its telemetry, which says what the vehicle has in common with others.</param>
    /// <returns>Alerts that were raised, grew more severe or were cleared.</returns>
    public IReadOnlyList<Alert> Apply(Score score, long endMs, int partition, TelemetryBatch? batch = null)
    {
        // What could not be judged is neither odd nor quiet.
        if (score.Contributions.Count == 0) return [];

        Span<float> shares = stackalloc float[TypeCount];
        shares.Clear();
        foreach (var part in score.Contributions) shares[(int)AlertPolicy.TypeOf(part.Signal)] += part.Share;
        var suspect = Largest(shares);

        List<Alert>? changed = null;
        foreach (var (type, episode) in _open.ToArray())
        {
            if (!Carry(episode, type == suspect, shares[(int)type], score, endMs)) continue;
            (changed ??= []).Add(episode.Alert.Clone());
            if (episode.Alert.Status != AlertStatus.Cleared) continue;
            _open.Remove(type);
            _cleared[type] = episode.Alert;
        }

        foreach (var (type, before) in _cleared.Count == 0 ? [] : _cleared.ToArray())
        {
            if (endMs - before.ClearedAtMs > AlertPolicy.SameEpisodeMs) _cleared.Remove(type);
        }

        if (ShouldRaise(suspect, shares[(int)suspect], score))
        {
            var alert = _cleared.Remove(suspect, out var before) ? GoOn(before, score, endMs) : Raise(suspect, score, endMs, partition, batch);
            _open.Add(suspect, new Episode(alert));
            (changed ??= []).Add(alert.Clone());
        }
        return changed ?? (IReadOnlyList<Alert>)[];
    }

    /// <summary>Nothing of it has a part in what comes next.</summary>
    internal bool IsEmpty => _open.Count == 0 && _cleared.Count == 0 && _candidateBatches == 0;

    internal void Save(BinaryWriter writer)
    {
        writer.Write((byte)_candidate);
        writer.Write(_candidateBatches);
        writer.Write((byte)_open.Count);
        foreach (var episode in _open.Values)
        {
            writer.Write(episode.QuietSinceMs);
            var alert = episode.Alert.ToByteArray();
            writer.Write(alert.Length);
            writer.Write(alert);
        }
        writer.Write((byte)_cleared.Count);
        foreach (var cleared in _cleared.Values)
        {
            var alert = cleared.ToByteArray();
            writer.Write(alert.Length);
            writer.Write(alert);
        }
    }

    internal static AlertEpisodes Restore(string vin, BinaryReader reader)
    {
        var episodes = new AlertEpisodes(vin) { _candidate = (AlertType)reader.ReadByte(), _candidateBatches = reader.ReadInt32() };
        try
        {
            for (var count = reader.ReadByte(); count > 0; count--)
            {
                var quietSince = reader.ReadInt64();
                var alert = ReadAlert(reader);
                episodes._open.Add(alert.Type, new Episode(alert) { QuietSinceMs = quietSince });
            }
            for (var count = reader.ReadByte(); count > 0; count--)
            {
                var alert = ReadAlert(reader);
                episodes._cleared.Add(alert.Type, alert);
            }
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or ArgumentException)
        {
            throw new InvalidDataException($"The alerts of vehicle '{vin}' cannot be read: {e.Message}", e);
        }
        return episodes;
    }

    private static Alert ReadAlert(BinaryReader reader) => Alert.Parser.ParseFrom(reader.ReadBytes(reader.ReadInt32()));

    /// <summary>Carries an open episode on; true where it changed enough to be told.</summary>
    private static bool Carry(Episode episode, bool suspect, float share, Score score, long endMs)
    {
        var alert = episode.Alert;
        if (share < AlertPolicy.GoesOnAt && !(suspect && score.Score_ >= AlertPolicy.RaiseAt))
        {
            if (episode.QuietSinceMs == Episode.NotQuiet) episode.QuietSinceMs = score.StartTimeMs;
            if (endMs - episode.QuietSinceMs < AlertPolicy.QuietMs) return false;
            alert.Status = AlertStatus.Cleared;
            alert.ClearedAtMs = endMs;
            return true;
        }

        episode.QuietSinceMs = Episode.NotQuiet;
        alert.LastSeenMs = endMs;
        alert.LastOffset = score.TelemetryOffset;
        if (suspect && score.Score_ > alert.Score)
        {
            alert.Score = score.Score_;
            alert.Contributions.Clear();
            alert.Contributions.AddRange(score.Contributions);
        }
        var severity = AlertPolicy.SeverityOf(alert.Score, endMs - alert.RaisedAtMs);
        if (severity <= alert.Severity) return false;
        alert.Severity = severity;
        return true;
    }

    private bool ShouldRaise(AlertType suspect, float share, Score score)
    {
        var odd = score.Score_ >= AlertPolicy.RaiseAt && !_open.ContainsKey(suspect);
        if (odd && _open.Count == 0)
        {
            _candidateBatches = 0;
            return true;
        }
        // One cause shows in many signals: beside an open alert, another type must pass the threshold alone, and keep at it.
        if (!odd || share < AlertPolicy.RaiseAt)
        {
            _candidateBatches = 0;
            return false;
        }
        _candidateBatches = suspect == _candidate ? _candidateBatches + 1 : 1;
        _candidate = suspect;
        if (_candidateBatches < AlertPolicy.FurtherTypeBatches) return false;
        _candidateBatches = 0;
        return true;
    }

    /// <summary>Opens an episode again that was cleared too early.</summary>
    private static Alert GoOn(Alert alert, Score score, long endMs)
    {
        alert.Status = AlertStatus.Active;
        alert.ClearedAtMs = 0;
        alert.LastSeenMs = endMs;
        alert.LastOffset = score.TelemetryOffset;
        if (score.Score_ > alert.Score)
        {
            alert.Score = score.Score_;
            alert.Contributions.Clear();
            alert.Contributions.AddRange(score.Contributions);
        }
        var severity = AlertPolicy.SeverityOf(alert.Score, endMs - alert.RaisedAtMs);
        if (severity > alert.Severity) alert.Severity = severity;
        return alert;
    }

    private Alert Raise(AlertType type, Score score, long endMs, int partition, TelemetryBatch? batch)
    {
        var alert = new Alert
        {
            AlertId = IdOf(vin, type, endMs, partition, score.TelemetryOffset),
            Vin = vin,
            Profile = score.Profile,
            Type = type,
            Status = AlertStatus.Active,
            Severity = AlertPolicy.SeverityOf(score.Score_, 0),
            RaisedAtMs = endMs,
            LastSeenMs = endMs,
            Score = score.Score_,
            ModelId = score.ModelId,
            TelemetryPartition = partition,
            FirstOffset = score.TelemetryOffset,
            LastOffset = score.TelemetryOffset,
        };
        alert.Contributions.AddRange(score.Contributions);
        if (batch is null) return alert;
        FleetGroup.Read(batch, out var field, out var firmware);
        if (field is { } corner) alert.Region = FleetGroup.RegionName(corner);
        if (firmware is { } version) alert.Firmware = FleetGroup.FirmwareName(version);
        return alert;
    }

    /// <summary>An id that a replay of the same telemetry gives again.</summary>
    private static string IdOf(string vin, AlertType type, long raisedAtMs, int partition, long offset)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{vin}/{type}/{raisedAtMs}/{partition}/{offset}");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));
    }

    private static AlertType Largest(ReadOnlySpan<float> shares)
    {
        var largest = 0;
        for (var type = 1; type < shares.Length; type++)
        {
            if (shares[type] > shares[largest]) largest = type;
        }
        return largest == 0 ? AlertType.Sensor : (AlertType)largest;
    }

    private sealed class Episode(Alert alert)
    {
        public const long NotQuiet = long.MinValue;

        public Alert Alert { get; } = alert;

        /// <summary>Start of the quiet time, or <see cref="NotQuiet"/>.</summary>
        public long QuietSinceMs { get; set; } = NotQuiet;
    }
}
