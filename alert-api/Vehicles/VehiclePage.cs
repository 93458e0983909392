using System.ComponentModel;
using Kappa.Iot.Twins;

namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>A page of vehicles.</summary>
public sealed record VehiclePage(
    IReadOnlyList<Twin> Vehicles,
    [property: Description("Ask with after= this for the next page; null: this is the last one.")] string? Next);
