using System.ComponentModel.DataAnnotations;

namespace Kappa.Iot.DigitalTwinSink;

/// <summary>How the sink reads the log; section <c>Sink</c>.</summary>
public sealed record SinkOptions : IValidatableObject
{
    public const string Section = "Sink";

    /// <summary>Consumer group; the processes of one group share the vehicles.</summary>
    public string GroupId { get; init; } = "digital-twin-sink";

    /// <summary>Most records written at once, 1 to 100,000. The more, the fewer writes a busy vehicle costs.</summary>
    public int MaxBatch { get; init; } = 2_000;

    /// <summary>How long a record waits for others to be written with.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How often to look whether the store still has what was written.</summary>
    public TimeSpan StoreCheck { get; init; } = TimeSpan.FromSeconds(5);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (string.IsNullOrWhiteSpace(GroupId))
            yield return new ValidationResult("Sink:GroupId is empty: give the consumer group's name.", [nameof(GroupId)]);
        if (MaxBatch is < 1 or > 100_000)
            yield return new ValidationResult($"Sink:MaxBatch is {MaxBatch}: it must be 1 to 100000.", [nameof(MaxBatch)]);
        if (MaxWait <= TimeSpan.Zero || MaxWait > TimeSpan.FromMinutes(1))
            yield return new ValidationResult($"Sink:MaxWait is {MaxWait}: it must be more than nothing and at most a minute.", [nameof(MaxWait)]);
        if (StoreCheck < TimeSpan.FromMilliseconds(10) || StoreCheck > TimeSpan.FromHours(1))
            yield return new ValidationResult($"Sink:StoreCheck is {StoreCheck}: it must be 10 ms to an hour.", [nameof(StoreCheck)]);
    }
}
