using System.Text.Json;
using System.Text.Json.Serialization;
using Kappa.Iot.AlertApi.Alerts;
using Kappa.Iot.AlertApi.Fleet;
using Kappa.Iot.AlertApi.Live;
using Kappa.Iot.AlertApi.Log;
using Kappa.Iot.AlertApi.Models;
using Kappa.Iot.AlertApi.Page;
using Kappa.Iot.AlertApi.Vehicles;
using Kappa.Iot.Contracts;
using Kappa.Iot.ServiceDefaults;
using Kappa.Iot.Streaming;
using Kappa.Iot.Twins;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.AlertApi;

/// <summary>The service, ready to run.</summary>
public static class AlertApiApplication
{
    /// <param name="args">Settings, such as <c>--urls http://127.0.0.1:0 --Kafka:BootstrapServers 127.0.0.1:9092</c>.</param>
    public static WebApplication Build(string[] args)
    {
        var builder = ServiceProgram.CreateBuilder(args);
        builder.UseDefaultAddress("http://127.0.0.1:8080");
        builder.AddServiceDefaults("alert-api");
        builder.AddLog();
        builder.AddTwins();
        builder.AddBoards();
        builder.AddRest();
        builder.AddLive();

        var app = builder.Build();
        // All settings that cannot be, at once, before any of them is used.
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseSameOrigin();
        app.UseDashboard();
        app.MapServiceDefaults();
        app.MapOpenApi();
        app.MapFleet();
        app.MapVehicles();
        app.MapAlerts();
        app.MapModels();
        app.MapHub<FleetHub>("/hubs/fleet");
        return app;
    }

    private static void AddLog(this WebApplicationBuilder builder)
    {
        builder.AddCheckedOptions<KafkaOptions>(KafkaOptions.Section);
        builder.Services.AddStreaming().AddTopicSetup();
        builder.Services.AddSingleton<LogState>();
        builder.Services.AddHostedService<LogWatch>();
        builder.Services.AddHostedService<LogFollower>();
    }

    private static void AddTwins(this WebApplicationBuilder builder)
    {
        builder.AddCheckedOptions<TwinOptions>(TwinOptions.Section);
        builder.Services.AddSingleton(services => TwinStore.Open(services.GetRequiredService<IOptions<TwinOptions>>().Value.ConnectionString));
        builder.Services.AddHostedService<TwinStoreSetup>();
    }

    private static void AddBoards(this WebApplicationBuilder builder)
    {
        builder.AddCheckedOptions<AlertApiOptions>(AlertApiOptions.Section);
        builder.Services.AddSingleton(services => new AlertBoard(Options(services).MaxClearedAlerts));
        builder.Services.AddSingleton(services => new VehicleBoard(Options(services).MaxVehicles));
        builder.Services.AddSingleton(services => new SignalHistory(Options(services).History, Options(services).HistoryBytes));
        builder.Services.AddSingleton<ModelBoard>();
        builder.Services.AddSingleton<FleetBoard>();
        builder.Services.AddSingleton(services => new FleetAlertBoard(Options(services).MaxClearedAlerts));
        builder.Services.AddSingleton<AlertActions>();
        builder.Services.AddSingleton<AlertApiMetrics>();
    }

    private static void AddRest(this WebApplicationBuilder builder)
    {
        builder.AddCheckedOptions<PageOptions>(PageOptions.Section);
        builder.Services.AddProblemDetails();
        builder.Services.ConfigureHttpJsonOptions(http => Configure(http.SerializerOptions));
        builder.Services.AddOpenApi(openApi => openApi.Describe());
    }

    private static void AddLive(this WebApplicationBuilder builder)
    {
        builder.Services.AddSignalR().AddJsonProtocol(json => Configure(json.PayloadSerializerOptions));
        builder.Services.AddSingleton<FleetFeed>();
        builder.Services.AddSingleton<VehicleFeed>();
    }

    /// <summary>One JSON for REST and hub: camel case, enumerations by name, numbers as numbers, and nothing for what is null.</summary>
    private static void Configure(JsonSerializerOptions json)
    {
        json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
        json.NumberHandling = JsonNumberHandling.Strict;
        json.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
    }

    private static AlertApiOptions Options(IServiceProvider services) => services.GetRequiredService<IOptions<AlertApiOptions>>().Value;
}
