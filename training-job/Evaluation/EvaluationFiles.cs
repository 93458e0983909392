using System.Globalization;

namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>Writes what was scored as CSV, for other tools.</summary>
internal static class EvaluationFiles
{
    /// <summary><c>time,vehicle,score</c>, a line a sample; time in Unix milliseconds.</summary>
    public static void WriteScores(string file, IEnumerable<ScoredTrip> trips)
    {
        using var writer = new StreamWriter(file);
        writer.WriteLine("time,vehicle,score");
        foreach (var trip in trips)
        {
            foreach (var (time, score) in trip.Samples) writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{time},{trip.Vehicle},{score}"));
        }
    }

    /// <summary><c>time,vehicle,type,severity</c>, a line an alert; time of raising in Unix milliseconds.</summary>
    public static void WriteAlerts(string file, IEnumerable<ScoredTrip> trips)
    {
        using var writer = new StreamWriter(file);
        writer.WriteLine("time,vehicle,type,severity");
        foreach (var alert in trips.SelectMany(trip => trip.Alerts))
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{alert.RaisedAtMs},{alert.Vin},{alert.Type.ToString().ToLowerInvariant()},{alert.Severity.ToString().ToLowerInvariant()}"));
        }
    }
}
