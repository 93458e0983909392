using System.ComponentModel;

namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>One signal's values over time.</summary>
public sealed record SignalSeries(
    [property: Description("VSS path.")] string Signal,
    string Label,
    string Unit,
    [property: Description("A value for each of the times; null where the vehicle gave none.")] float?[] Values);
