using Kappa.Iot.Contracts;
using Kappa.Iot.ServiceDefaults;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.IngestGateway;

/// <summary>Puts the gateway together.</summary>
public static class GatewayHost
{
    /// <summary>Bytes that Kestrel reads ahead of us on one connection. Larger packets still pass: they are looked at as they come.</summary>
    private const int ReadAhead = 64 * 1024;

    /// <summary>The gateway, ready to be started.</summary>
    /// <param name="args">Settings, such as <c>--Mqtt:Port 1884</c>.</param>
    public static WebApplication Build(string[] args)
    {
        var builder = ServiceProgram.CreateBuilder(args);
        builder.AddServiceDefaults("ingest-gateway");
        builder.AddLog();
        builder.AddVehicles();
        builder.AddListeners();

        var app = builder.Build();
        app.MapServiceDefaults();
        return app;
    }

    private static void AddLog(this WebApplicationBuilder builder)
    {
        builder.AddCheckedOptions<KafkaOptions>(KafkaOptions.Section);
        var publishing = builder.AddCheckedOptions<PublishingOptions>(PublishingOptions.Section);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new InFlightGate(publishing.MaxInFlight, publishing.MaxInFlightBytes));
        builder.Services.AddSingleton<GatewayMetrics>();
        builder.Services.AddHosted<LogWriter>(); // first to start, last to stop
        builder.Services.AddHosted<LogTopics>();
        builder.Services.AddHealthChecks().AddCheck<LogTopics>("log");
    }

    private static void AddVehicles(this WebApplicationBuilder builder)
    {
        builder.AddCheckedOptions<MqttOptions>(MqttOptions.Section);
        builder.AddCheckedOptions<TelemetryOptions>(TelemetryOptions.Section);
        builder.Services.AddSingleton<DeadLetters>();
        builder.Services.AddSingleton<Intake>();
        builder.Services.AddSingleton<PublishingServices>();
        builder.Services.AddSingleton<ReceivedIdsByClient>();
        builder.Services.AddHosted<PresenceBoard>();
        builder.Services.AddSingleton<CurrentConnections>();
        builder.Services.AddSingleton<ConnectionServices>();
        builder.Services.AddSingleton<MqttLibraryLog>();
        builder.Services.AddSingleton<VehicleConnectionHandler>();
        builder.Services.AddHosted<MqttEndpoint>();
        builder.Services.AddHostedService<CommandDelivery>();
    }

    /// <summary>Kestrel listens for both: MQTT and HTTP. It starts after, and stops before, all that its connections need.</summary>
    private static void AddListeners(this WebApplicationBuilder builder)
    {
        var mqtt = builder.Configuration.GetSection(MqttOptions.Section).Get<MqttOptions>() ?? new MqttOptions();
        var address = new MqttAddress();
        builder.Services.AddSingleton(address);
        var http = HttpAddresses.Of(builder.Configuration).ToList();
        builder.WebHost.UseSockets(sockets => sockets.MaxReadBufferSize = ReadAhead);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // All settings that cannot be, at once, before any of them is used: listeners need everything else.
            kestrel.ApplicationServices.GetRequiredService<IStartupValidator>().Validate();
            kestrel.AddServerHeader = false;
            if (mqtt.Address is { } ip)
            {
                kestrel.Listen(ip, mqtt.Port, listen =>
                {
                    address.Listener = listen;
                    listen.Protocols = HttpProtocols.None;
                    listen.UseConnectionHandler<VehicleConnectionHandler>();
                });
            }

            foreach (var url in http) url.ListenOn(kestrel);
        });
        builder.Services.AddHostedService<AddressLine>();
    }

    private static void AddHosted<T>(this IServiceCollection services) where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(provider => provider.GetRequiredService<T>());
    }
}
