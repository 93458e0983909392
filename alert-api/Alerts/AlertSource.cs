using System.ComponentModel;

namespace Kappa.Iot.AlertApi.Alerts;

/// <summary>The part of the telemetry topic that an alert came from.</summary>
public sealed record AlertSource(
    int Partition,
    [property: Description("Offset of the first odd batch.")] long FirstOffset,
    [property: Description("Offset of the last odd batch.")] long LastOffset);
