using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kappa.Iot.Demo.Counting;

/// <summary>The demo's last line. Batches are counted as distinct vehicle, boot and sequence; each figure comes from its own end of the pipeline.</summary>
public sealed record Summary
{
    /// <summary>Vehicles the simulator drove.</summary>
    public required long Vehicles { get; init; }

    /// <summary>Batches the vehicles made and sent (the simulator's journal).</summary>
    public required long Published { get; init; }

    /// <summary>Of these, acknowledged by the gateway (the simulator's journal).</summary>
    public required long Acknowledged { get; init; }

    /// <summary>Batches in topic telemetry, read from the log.</summary>
    public required long InLog { get; init; }

    /// <summary>Records in topic telemetry that say a batch again: its acknowledgement was lost, and the vehicle sent it twice.</summary>
    public required long Resent { get; init; }

    /// <summary>Batches with a score in topic anomaly.scores, read from the log.</summary>
    public required long Scored { get; init; }

    /// <summary>Scores of a batch that has one already.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Vehicles in the twin store.</summary>
    public required long Twins { get; init; }

    /// <summary>Different alerts in topic anomaly.alerts.</summary>
    public required long AlertsRaised { get; init; }

    public required long FalseAlerts { get; init; }

    public required long FaultsInjected { get; init; }

    public required long FaultsDetected { get; init; }

    /// <summary>Records in topic telemetry.dead-letter.</summary>
    public required long DeadLettered { get; init; }

    /// <summary>From the start of the demo to the first alert of a vehicle with a fault; null where there was none.</summary>
    public required double? SecondsToFirstAlert { get; init; }

    /// <summary>Processes that died and were started again.</summary>
    public required long Restarts { get; init; }

    /// <summary>What does not add up, in words; empty where every batch is accounted for.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Imbalances
    {
        get
        {
            var found = new List<string>();
            if (Acknowledged != Published) found.Add($"{Published - Acknowledged} of {Published} published batches were never acknowledged");
            if (InLog != Acknowledged) found.Add($"{Acknowledged} batches were acknowledged, but {InLog} are in the log");
            if (Scored != InLog) found.Add($"{InLog} batches are in the log, but {Scored} are scored");
            if (Duplicates != 0) found.Add($"{Duplicates} scores are there twice");
            if (Twins != Vehicles) found.Add($"{Vehicles} vehicles drove, but there are {Twins} twins");
            return found;
        }
    }

    public string ToJson() => JsonSerializer.Serialize(this, SummaryJson.Default.Summary);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Summary))]
internal sealed partial class SummaryJson : JsonSerializerContext;
