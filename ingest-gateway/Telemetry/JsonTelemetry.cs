using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kappa.Iot.IngestGateway;

/// <summary>A batch as people write it by hand. What is left out is filled in: see <see cref="JsonDefaults"/>.</summary>
internal sealed record JsonTelemetry
{
    public string? Vin { get; init; }

    public string? Profile { get; init; }

    public ulong? BootId { get; init; }

    public ulong? Sequence { get; init; }

    /// <summary>Unix milliseconds, or ISO 8601.</summary>
    public JsonElement StartTime { get; init; }

    public uint? SampleIntervalMs { get; init; }

    /// <summary>VSS path to a number, or to an array of numbers and nulls (a null is a missing sample).</summary>
    public Dictionary<string, JsonElement>? Signals { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, PropertyNameCaseInsensitive = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, MaxDepth = 8)]
[JsonSerializable(typeof(JsonTelemetry))]
internal sealed partial class JsonTelemetryContext : JsonSerializerContext;
