using Confluent.Kafka;
using Kappa.Iot.AlertApi.Querying;
using Kappa.Iot.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Kappa.Iot.AlertApi.Alerts;

/// <summary>Alerts over REST.</summary>
internal static class AlertEndpoints
{
    private const int MaxLimit = 1000;

    public static void MapAlerts(this IEndpointRouteBuilder routes)
    {
        var alerts = routes.MapGroup("/api/alerts").WithTags("Alerts");
        alerts.MapGet("/", List).WithName("ListAlerts").WithSummary("Alerts, the newest first")
            .WithDescription("""
                Query: `status` (active, cleared), `type` (engine, cooling, fuel, electrical, battery, tyres, brakes, sensor),
                `severity` (warning, minor, major, critical: this one and worse), `vin`, `limit` (1 to 1000, by default 100),
                `after` (id of the last alert of the page before), `fleetAlert` (id: the vehicles' alerts that are part of that alert of the fleet),
                `grouped` (true: also such alerts; without it they are left out, unless one vehicle is asked for: the fleet's alert stands for them).
                All open alerts are there, and the newest of the cleared ones.
                """);
        alerts.MapGet("/{id}", Get).WithName("GetAlert").WithSummary("One alert, with the signals that made it")
            .ProducesProblem(StatusCodes.Status404NotFound);
        alerts.MapPost("/{id}/acknowledge", AcknowledgeAsync).WithName("AcknowledgeAlert").WithSummary("Says that a person has seen an alert")
            .WithDescription("Written to the topic alert.actions; answered once the log has stored it. Doing it again adds another acknowledgement.")
            .ProducesProblem(StatusCodes.Status404NotFound).ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static Results<Ok<AlertPage>, ValidationProblem> List(
        AlertBoard board, string? status = null, string? type = null, string? severity = null, string? vin = null, string? limit = null, string? after = null,
        string? fleetAlert = null, string? grouped = null)
    {
        var read = new QueryReader();
        var query = new AlertQuery
        {
            Status = read.Choice<AlertStatus>("status", status),
            Type = read.Choice<AlertType>("type", type),
            AtLeast = read.Choice<Severity>("severity", severity),
            Vin = read.Vehicle("vin", vin),
            FleetAlertId = fleetAlert,
            Grouped = read.Flag("grouped", grouped) ?? false,
            Limit = read.Number("limit", limit, 1, MaxLimit) ?? 100,
            After = after is null ? null : board.Find(after),
        };
        if (after is not null && query.After is null) read.Wrong("after", $"There is no alert '{after}' any more: ask for the first page again.");
        if (read.Errors is { } errors) return TypedResults.ValidationProblem(errors, QueryReader.Advice);

        var found = board.List(query);
        return TypedResults.Ok(new AlertPage(found, found.Count == query.Limit ? found[^1].Id : null));
    }

    private static Results<Ok<AlertDocument>, ProblemHttpResult> Get(string id, AlertBoard board) =>
        board.Find(id) is { } alert ? TypedResults.Ok(alert) : NotFound(id);

    private static async Task<Results<Ok<AlertDocument>, ProblemHttpResult, ValidationProblem>> AcknowledgeAsync(
        string id, [FromBody] Acknowledgement acknowledgement, AlertBoard board, AlertActions actions, CancellationToken cancel)
    {
        if (acknowledgement.Errors() is { Count: > 0 } errors) return TypedResults.ValidationProblem(errors);
        if (board.Find(id) is null) return NotFound(id);
        try
        {
            await actions.AcknowledgeAsync(id, acknowledgement, cancel);
        }
        catch (KafkaException e)
        {
            return TypedResults.Problem(
                $"The log did not store the acknowledgement ({e.Error.Reason}). Nothing was changed: try again.",
                statusCode: StatusCodes.Status503ServiceUnavailable, title: "The log is not available");
        }

        return board.Find(id) is { } alert ? TypedResults.Ok(alert) : NotFound(id);
    }

    private static ProblemHttpResult NotFound(string id) => TypedResults.Problem(
        $"There is no alert '{id}'. It may have been cleared long ago; GET /api/alerts lists those that are there.",
        statusCode: StatusCodes.Status404NotFound, title: "No such alert");
}
