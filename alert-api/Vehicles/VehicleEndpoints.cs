using Kappa.Iot.AlertApi.Alerts;
using Kappa.Iot.AlertApi.Querying;
using Kappa.Iot.Contracts;
using Kappa.Iot.Twins;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>Vehicles over REST.</summary>
internal static class VehicleEndpoints
{
    private const int MaxLimit = 1000;

    public static void MapVehicles(this IEndpointRouteBuilder routes)
    {
        var vehicles = routes.MapGroup("/api/vehicles").WithTags("Vehicles");
        vehicles.MapGet("/", ListAsync).WithName("ListVehicles").WithSummary("Twins of vehicles, in the order of their VINs")
            .WithDescription("""
                Query: `profile`, `online` (true, false), `alerting` (true: with an open alert), `limit` (1 to 1000, by default 100),
                `after` (the last VIN of the page before).
                """)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        vehicles.MapGet("/{vin}", GetAsync).WithName("GetVehicle").WithSummary("One vehicle: its twin, open alerts and latest score")
            .WithDescription("Where the twin store does not answer, `twin` is null, `twinProblem` says why, and the rest is there all the same.")
            .ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound);
        vehicles.MapGet("/{vin}/signals", Signals).WithName("GetSignals").WithSummary("Signals and scores of the last minutes")
            .WithDescription("Query: `minutes` (1 to 1440, by default 15), counted back from the vehicle's newest batch. There is as much as the server keeps (`AlertApi:History`).")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Results<Ok<VehiclePage>, ValidationProblem, ProblemHttpResult>> ListAsync(
        ITwinStore twins, CancellationToken cancel,
        string? after = null, string? limit = null, string? profile = null, string? online = null, string? alerting = null)
    {
        var read = new QueryReader();
        var query = new TwinQuery
        {
            After = read.Vehicle("after", after),
            Limit = read.Number("limit", limit, 1, MaxLimit) ?? 100,
            Profile = string.IsNullOrEmpty(profile) ? null : profile,
            Online = read.Flag("online", online),
            HasOpenAlerts = read.Flag("alerting", alerting),
        };
        if (read.Errors is { } errors) return TypedResults.ValidationProblem(errors, QueryReader.Advice);
        try
        {
            var found = await twins.ListAsync(query, cancel);
            return TypedResults.Ok(new VehiclePage(found, found.Count == query.Limit ? found[^1].Vin : null));
        }
        catch (TwinStoreException e)
        {
            return TypedResults.Problem(
                $"{e.Message} Live positions and alerts are not affected (/hubs/fleet, /api/alerts).",
                statusCode: StatusCodes.Status503ServiceUnavailable, title: "The twin store is not available");
        }
    }

    private static async Task<Results<Ok<VehicleDocument>, ProblemHttpResult>> GetAsync(
        string vin, ITwinStore twins, VehicleBoard vehicles, AlertBoard alerts, SignalHistory history, CancellationToken cancel)
    {
        if (Wrong(vin) is { } wrong) return wrong;
        Twin? twin = null;
        string? twinProblem = null;
        try
        {
            twin = await twins.FindAsync(vin, cancel);
        }
        catch (TwinStoreException e)
        {
            twinProblem = e.Message;
        }

        var state = vehicles.Find(vin);
        if (twin is null && state is null && twinProblem is null) return NotFound(vin);
        return TypedResults.Ok(new VehicleDocument
        {
            Vin = vin,
            Profile = twin?.Profile ?? state?.Profile,
            Twin = twin,
            Signals = twin?.Reported is { } reported ? SignalValue.From(reported) : [],
            TwinProblem = twinProblem,
            State = state,
            LatestScore = history.LatestScore(vin),
            Alerts = alerts.List(new() { Vin = vin, Status = AlertStatus.Active, Limit = MaxLimit }),
        });
    }

    private static Results<Ok<VehicleSignals>, ProblemHttpResult, ValidationProblem> Signals(
        string vin, SignalHistory history, VehicleBoard vehicles, string? minutes = null)
    {
        if (Wrong(vin) is { } wrong) return wrong;
        var read = new QueryReader();
        var span = TimeSpan.FromMinutes(read.Number("minutes", minutes, 1, 1440) ?? 15);
        if (read.Errors is { } errors) return TypedResults.ValidationProblem(errors, QueryReader.Advice);
        if (vehicles.Find(vin) is not { } state) return NotFound(vin);
        var from = state.SeenAt is { } seen ? (seen - span).ToUnixTimeMilliseconds() : 0;
        return TypedResults.Ok(history.Since(vin, default, from).Signals);
    }

    private static ProblemHttpResult? Wrong(string vin) => VehicleId.IsValid(vin) ? null : TypedResults.Problem(
        $"A vehicle id has 1 to {VehicleId.MaxLength} letters, digits, '-', '_' or '.'.", statusCode: StatusCodes.Status400BadRequest, title: "Not a vehicle id");

    private static ProblemHttpResult NotFound(string vin) => TypedResults.Problem(
        $"Nothing was heard of a vehicle '{vin}' yet. GET /api/vehicles lists those that are known.", statusCode: StatusCodes.Status404NotFound, title: "No such vehicle");
}
