namespace Kappa.Iot.AlertApi.Fleet;

/// <summary>The fleet's figures over REST.</summary>
internal static class FleetEndpoints
{
    public static void MapFleet(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/fleet", (FleetBoard fleet) => TypedResults.Ok(fleet.Read()))
            .WithTags("Fleet").WithName("GetFleet").WithSummary("The fleet in figures")
            .WithDescription("Vehicles, connections, open alerts by severity, message rate. The hub /hubs/fleet pushes the same, with every change.");
}
