using Kappa.Iot.AlertApi.Alerts;
using Kappa.Iot.AlertApi.Changes;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>The signals and scores of the last minutes of every vehicle, within one memory budget.</summary>
public sealed class SignalHistory(TimeSpan window, long budgetBytes)
{
    /// <summary>What an entry costs beside its bytes: node, queue slot, array header.</summary>
    private const int EntryBytes = 160;

    // Batches stay as they came: a tenth of the objects, and nobody looks at most of them.
    private readonly RecentByVehicle<byte[]> _batches = new(window, budgetBytes);
    private readonly RecentByVehicle<ScorePoint> _scores = new(window, budgetBytes / 8);

    /// <summary>Bytes held now.</summary>
    public long Size => _batches.Size + _scores.Size;

    public void Add(TelemetryBatch batch, byte[] bytes) => _batches.Add(batch.Vin, batch.StartTimeMs, bytes, bytes.Length + EntryBytes);

    public void Add(Score score)
    {
        var shares = SignalShare.From(score.Contributions);
        _scores.Add(score.Vin, score.StartTimeMs, new(score.StartTimeMs + score.DurationMs, score.Score_, score.ModelId, shares), EntryBytes + 80 * shares.Count);
    }

    /// <summary>The latest score of a vehicle, or null.</summary>
    public ScorePoint? LatestScore(string vin) => _scores.Since(vin, 0).Values is { Count: > 0 } scores ? scores[^1] : null;

    /// <summary>What came for a vehicle after a cursor.</summary>
    /// <param name="cursor">Where the last answer ended; the default for everything.</param>
    /// <param name="notBefore">Oldest event time wanted, Unix milliseconds.</param>
    public (VehicleSignals Signals, HistoryCursor Cursor) Since(string vin, HistoryCursor cursor, long notBefore = 0)
    {
        var batches = _batches.Since(vin, cursor.Batches);
        var scores = _scores.Since(vin, cursor.Scores);
        var read = batches.Values.Select(TelemetryBatch.Parser.ParseFrom).OrderBy(batch => batch.StartTimeMs).ToList();
        return (VehicleSignals.From(vin, read, scores.Values, notBefore), new(batches.Version, scores.Version));
    }
}
