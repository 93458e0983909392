namespace Kappa.Iot.AlertApi.Models;

/// <summary>The model registry over REST.</summary>
internal static class ModelEndpoints
{
    public static void MapModels(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/models", (ModelBoard board) => TypedResults.Ok(board.List()))
            .WithTags("Models").WithName("ListModels").WithSummary("All versions of all models, active ones first")
            .WithDescription("Where each came from, its metrics, and since when it scores its profile's vehicles.");
}
