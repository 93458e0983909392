namespace Kappa.Iot.TrainingJob.Judging;

/// <summary>What models are to be compared on.</summary>
/// <param name="From">First event time on the log; null: the newest that both models have not seen.</param>
/// <param name="To">First event time after it.</param>
/// <param name="Traces">A folder of recorded traces instead of the log.</param>
internal sealed record JudgingSource(DateTimeOffset? From, DateTimeOffset To, string? Traces);
