using Kappa.Iot.AlertApi.Alerts;

namespace Kappa.Iot.AlertApi.Fleet;

/// <summary>The fleet's figures over REST.</summary>
internal static class FleetEndpoints
{
    public static void MapFleet(this IEndpointRouteBuilder routes)
    {
        var fleet = routes.MapGroup("/api/fleet").WithTags("Fleet");
        fleet.MapGet("/", (FleetBoard board) => TypedResults.Ok(board.Read())).WithName("GetFleet").WithSummary("The fleet in figures")
            .WithDescription("Vehicles, connections, open alerts by severity, message rate. The hub /hubs/fleet pushes the same, with every change.");
        fleet.MapGet("/alerts", (FleetAlertBoard board, AlertBoard alerts) => TypedResults.Ok(alerts.Count(board.List()))).WithName("ListFleetAlerts").WithSummary("The fleet's own alerts, the newest first")
            .WithDescription("A firmware, profile or region whose vehicles are odd, silent or unreadable together: one alert for all of them.");
    }
}
