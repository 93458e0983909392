using System.Text.Json.Serialization;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Backtests;

/// <summary>What promoting the candidate would have changed.</summary>
internal sealed record BacktestReport
{
    [JsonPropertyName("profile")] public required string Profile { get; init; }

    [JsonPropertyName("from")] public required DateTimeOffset From { get; init; }

    [JsonPropertyName("to")] public required DateTimeOffset To { get; init; }

    [JsonPropertyName("vehicles")] public required int Vehicles { get; init; }

    [JsonPropertyName("batches")] public required long Batches { get; init; }

    [JsonPropertyName("duplicates")] public required long Duplicates { get; init; }

    [JsonPropertyName("vehicle_hours")] public required double VehicleHours { get; init; }

    [JsonPropertyName("candidate")] public required ModelSide Candidate { get; init; }

    [JsonPropertyName("against")] public required ModelSide Against { get; init; }

    /// <summary>Alerts that only the candidate raised.</summary>
    [JsonPropertyName("gained")] public required int Gained { get; init; }

    /// <summary>Alerts that only the other model raised.</summary>
    [JsonPropertyName("lost")] public required int Lost { get; init; }

    [JsonPropertyName("earlier")] public required int Earlier { get; init; }

    [JsonPropertyName("later")] public required int Later { get; init; }

    [JsonPropertyName("same_time")] public required int SameTime { get; init; }

    [JsonPropertyName("scores")] public required ScoreDifference Scores { get; init; }

    [JsonPropertyName("alerts")] public required IReadOnlyList<AlertLine> Alerts { get; init; }

    /// <summary>One model of the two.</summary>
    internal sealed record ModelSide(
        [property: JsonPropertyName("model_id")] string ModelId,
        [property: JsonPropertyName("alerts")] int Alerts,
        [property: JsonPropertyName("us_per_batch")] double MicrosecondsPerBatch);

    /// <summary>Candidate minus other, over the batches that both could judge; quantiles are of the difference's size.</summary>
    internal sealed record ScoreDifference(
        [property: JsonPropertyName("batches")] long Batches,
        [property: JsonPropertyName("mean")] double Mean,
        [property: JsonPropertyName("median_size")] double Median,
        [property: JsonPropertyName("p99_size")] double P99,
        [property: JsonPropertyName("max_size")] double Max);

    /// <summary>An alert of one model or both; times in Unix milliseconds.</summary>
    internal sealed record AlertLine(
        [property: JsonPropertyName("vehicle")] string Vehicle,
        [property: JsonPropertyName("change")] string Change,
        [property: JsonPropertyName("candidate_type")] string? CandidateType,
        [property: JsonPropertyName("against_type")] string? AgainstType,
        [property: JsonPropertyName("candidate_raised_at")] long? CandidateRaisedAt,
        [property: JsonPropertyName("against_raised_at")] long? AgainstRaisedAt)
    {
        public static AlertLine Of(AlertMatch match) => new(
            (match.Candidate ?? match.Against)!.Vin, ChangeOf(match), match.Candidate?.Type.ToString().ToLowerInvariant(), match.Against?.Type.ToString().ToLowerInvariant(),
            match.Candidate?.RaisedAtMs, match.Against?.RaisedAtMs);

        private static string ChangeOf(AlertMatch match) => match.Later switch
        {
            null => match.Against is null ? "gained" : "lost",
            var later when later < TimeSpan.Zero => "earlier",
            var later when later > TimeSpan.Zero => "later",
            _ => "same",
        };
    }
}
