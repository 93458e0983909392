using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Log;
using Kappa.Iot.TrainingJob.Terminal;
using Kappa.Iot.TrainingJob.Traces;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Judging;

/// <summary>Compares a candidate with the active model before it is promoted.</summary>
/// <param name="kafka">The log.</param>
/// <param name="registry">The models on it.</param>
/// <param name="screen">Hears on what data they were compared.</param>
internal sealed class Judge(KafkaOptions kafka, ModelRegistry registry, Screen screen)
{
    // Less driving than this says nothing.
    private const double LeastHours = 1;

    /// <summary>Compares on the data that was asked for; without that on what came after both were trained, or else on the candidate's training data.</summary>
    /// <exception cref="CommandException">There is no driving that they could be compared by.</exception>
    /// <exception cref="InvalidDataException">A model cannot be loaded.</exception>
    public async Task<Comparison> CompareAsync(ModelVersion candidate, ModelVersion active, JudgingSource source, CancellationToken cancel)
    {
        var detectors = (Candidate: await LoadAsync(candidate, cancel), Active: await LoadAsync(active, cancel));
        return await screen.WithProgressAsync(async context =>
        {
            var reading = context.AddTask("read", maxValue: 1);
            var (data, what) = await ReadAsync(candidate, active, source, new Callback<double>(share => reading.Value = share), cancel);
            var playing = context.AddTask("compare", maxValue: 1);
            var comparison = await Task.Run(() => Comparison.Of(detectors.Candidate, detectors.Active, data, share => playing.Value = share, cancel), cancel);
            screen.Say(FormattableString.Invariant($"Compared on {what}: {data.Drives.Count} vehicles, {data.Hours:0.0} hours, {data.Disturbed.Count} half hours of it with a disturbance."));
            foreach (var (name, model) in new[] { ("candidate", comparison.Candidate), ("active", comparison.Active) })
                screen.Say(FormattableString.Invariant($"  {name} {model.ModelId}: finds {model.Found.Count(found => found)} of {model.Found.Count} disturbances, raises {model.Alerts} alerts in the driving as it was."));
            return comparison;
        });
    }

    private async Task<IDetector> LoadAsync(ModelVersion version, CancellationToken cancel) =>
        ModelArtifact.Load(version.ModelId, await registry.ReadArtifactAsync(version, cancel));

    private async Task<(JudgingData Data, string What)> ReadAsync(ModelVersion candidate, ModelVersion active, JudgingSource source, IProgress<double> progress, CancellationToken cancel)
    {
        if (source.Traces is { } folder)
        {
            var set = new TrainingSet(candidate.Profile, JudgingData.Limits);
            RecordedTraces.Read(folder, set, new Lineage(), progress, cancel);
            return Enough(set) ? (JudgingData.Of(set), folder) : throw TooLittle(candidate.Profile, $"in {folder}");
        }
        if (source.From is { } from)
        {
            var set = await RangeAsync(candidate.Profile, from, source.To, progress, cancel);
            return Enough(set) ? (JudgingData.Of(set), Range(from, source.To)) : throw TooLittle(candidate.Profile, $"on the log {Range(from, source.To)}");
        }

        var trained = new[] { candidate, active }.Where(model => model.Lineage.ToMs > 0).Select(model => DateTimeOffset.FromUnixTimeMilliseconds(model.Lineage.ToMs)).ToList();
        if (trained.Count == 2)
        {
            var set = await RangeAsync(candidate.Profile, trained.Max(), source.To, progress, cancel);
            if (Enough(set)) return (JudgingData.Of(set), $"what came after both were trained, {Range(trained.Max(), source.To)}");
        }
        if (candidate.Lineage.ToMs > 0)
        {
            DateTimeOffset first = DateTimeOffset.FromUnixTimeMilliseconds(candidate.Lineage.FromMs), last = DateTimeOffset.FromUnixTimeMilliseconds(candidate.Lineage.ToMs);
            var set = await RangeAsync(candidate.Profile, first, last, progress, cancel);
            if (set.Steps > 0) return (JudgingData.Of(set), $"the candidate's own training data, {Range(first, last)}, for want of newer (--from and --to name other)");
        }
        throw new CommandException(
            $"Model '{candidate.ModelId}' cannot be compared with the active '{active.ModelId}': the log has no driving of profile '{candidate.Profile}' from after their training. Give --from and --to, or --traces DIR, or --force to promote it unseen.");
    }

    private async Task<TrainingSet> RangeAsync(string profile, DateTimeOffset from, DateTimeOffset to, IProgress<double> progress, CancellationToken cancel)
    {
        var set = new TrainingSet(profile, JudgingData.Limits);
        if (from < to) await new TelemetryRange(kafka, screen).ReadAsync(set, from, to, progress, cancel);
        return set;
    }

    private static bool Enough(TrainingSet set) => set.Steps >= LeastHours * 360;

    private static string Range(DateTimeOffset from, DateTimeOffset to) => $"{from:u} to {to:u}";

    private static CommandException TooLittle(string profile, string where) =>
        new($"There is less than an hour of driving of profile '{profile}' {where}: too little to compare models by.");
}
