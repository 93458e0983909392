using System.ComponentModel.DataAnnotations;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>Where the scorer reads and writes: another set is another generation of scores.</summary>
public sealed record ScoringTopics
{
    [Required] public string Telemetry { get; init; } = TopicCatalogue.Telemetry.Name;

    [Required] public string Scores { get; init; } = TopicCatalogue.Scores.Name;

    [Required] public string Alerts { get; init; } = TopicCatalogue.Alerts.Name;

    [Required] public string State { get; init; } = TopicCatalogue.ScoringState.Name;

    [Required] public string DeadLetter { get; init; } = TopicCatalogue.DeadLetter.Name;

    /// <summary>What the partitions' vehicles did, minute by minute; empty: the fleet as a whole is not watched.</summary>
    public string FleetMinutes { get; init; } = TopicCatalogue.FleetMinutes.Name;

    [Required] public string FleetAlerts { get; init; } = TopicCatalogue.FleetAlerts.Name;

    internal bool WatchFleet => FleetMinutes.Length > 0;
}
