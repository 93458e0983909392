using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.TrainingJob.Judging;

/// <summary>A candidate beside the active model on the same driving, and what that says about promoting it.</summary>
/// <param name="Candidate">The one that wants to be promoted.</param>
/// <param name="Active">The one that scores now.</param>
/// <param name="Hours">Vehicle hours of driving.</param>
internal sealed record Comparison(JudgedModel Candidate, JudgedModel Active, double Hours)
{
    /// <summary>A difference counts where chance alone would make it, or a larger one, this rarely.</summary>
    public const double Chance = 0.05;

    // An alert this soon after a disturbance still counts as having found it.
    private const long GraceMs = 60_000;

    /// <summary>Plays the data through both models with the code that scores live.</summary>
    public static Comparison Of(IDetector candidate, IDetector active, JudgingData data, Action<double> progress, CancellationToken cancel)
    {
        var work = 2.0 * (data.Drives.Count + data.Disturbed.Count);
        var done = 0;
        var gate = new Lock();
        void Step()
        {
            lock (gate) progress(++done / work);
        }
        return new Comparison(Judge(candidate, data, Step, cancel), Judge(active, data, Step, cancel), data.Hours);
    }

    /// <summary>Why the candidate must not be promoted, or null where it is not worse beyond chance.</summary>
    public string? Objection
    {
        get
        {
            var lost = Active.Found.Where((found, i) => found && !Candidate.Found[i]).Count();
            var gained = Active.Found.Where((found, i) => !found && Candidate.Found[i]).Count();
            var reasons = new List<string>();
            if (lost > gained && AtLeast(lost, lost + gained) < Chance)
                reasons.Add($"it finds {Candidate.Found.Count(found => found)} of {Candidate.Found.Count} disturbances, the active model {Active.Found.Count(found => found)} ({lost} lost, {gained} gained)");
            if (Candidate.Alerts > Active.Alerts && AtLeast(Candidate.Alerts, Candidate.Alerts + Active.Alerts) < Chance)
                reasons.Add(FormattableString.Invariant($"it raises {Candidate.Alerts} alerts in {Hours:0.0} hours of the same driving, the active model {Active.Alerts}"));
            return reasons.Count == 0 ? null : string.Join(", and ", reasons);
        }
    }

    /// <summary>How likely at least so many of so many fair coins show heads.</summary>
    public static double AtLeast(int heads, int coins)
    {
        // By logarithms: the coefficients leave a double's range.
        double sum = 0, logChoose = 0;
        for (var k = coins; k >= heads; k--)
        {
            sum += Math.Exp(logChoose - coins * Math.Log(2));
            logChoose += Math.Log(k) - Math.Log(coins - k + 1);
        }
        return Math.Min(1, sum);
    }

    private static JudgedModel Judge(IDetector detector, JudgingData data, Action step, CancellationToken cancel)
    {
        var alerts = new int[data.Drives.Count];
        var found = new bool[data.Disturbed.Count];
        var parallel = new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, alerts.Length + found.Length, parallel, i =>
        {
            if (i < alerts.Length) alerts[i] = Raised(detector, data.Drives[i]).Count;
            else
            {
                var drive = data.Disturbed[i - alerts.Length];
                found[i - alerts.Length] = Raised(detector, drive.Batches).Any(at => at >= drive.FromMs && at <= drive.ToMs + GraceMs);
            }
            step();
        });
        return new JudgedModel(detector.ModelId, alerts.Sum(), found);
    }

    /// <summary>Event times at which alerts were raised.</summary>
    private static List<long> Raised(IDetector detector, IReadOnlyList<TelemetryBatch> batches)
    {
        var raised = new List<long>();
        if (batches.Count == 0) return raised;
        var fold = new VehicleFold(batches[0].Vin);
        var known = new HashSet<string>(StringComparer.Ordinal);
        for (var offset = 0; offset < batches.Count; offset++)
        {
            foreach (var alert in fold.Apply(detector, batches[offset], partition: 0, offset).Alerts)
            {
                if (known.Add(alert.AlertId)) raised.Add(alert.RaisedAtMs);
            }
        }
        return raised;
    }
}
