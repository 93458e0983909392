using Kappa.Iot.ServiceDefaults;

namespace Kappa.Iot.DigitalTwinSink;

internal static class TwinSinkRegistration
{
    /// <summary>Adds the sink, started with the host, its metrics and its health check <c>twins</c>.</summary>
    public static void AddTwinSink(this WebApplicationBuilder builder)
    {
        builder.AddCheckedOptions<SinkOptions>(SinkOptions.Section);
        builder.Services.AddSingleton<SinkMetrics>();
        builder.Services.AddSingleton<DeadLetterWriter>();
        builder.Services.AddSingleton<StartPositions>();
        builder.Services.AddSingleton<TwinSink>();
        builder.Services.AddHostedService(services => services.GetRequiredService<TwinSink>());
        builder.Services.AddHealthChecks().AddCheck<SinkHealth>("twins");
    }
}
