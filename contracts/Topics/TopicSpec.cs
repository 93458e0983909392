namespace Kappa.Iot.Contracts;

/// <summary>A topic as the platform needs it.</summary>
/// <param name="Name">Name on the log.</param>
/// <param name="Partitions">Partitions by default.</param>
/// <param name="Settings">Topic settings in Kafka's own names, such as <c>cleanup.policy</c>.</param>
public sealed record TopicSpec(string Name, int Partitions, IReadOnlyDictionary<string, string> Settings)
{
    /// <summary>True where the partition number stands for a share of the vehicles.</summary>
    public bool ByVehicle { get; init; }
}
