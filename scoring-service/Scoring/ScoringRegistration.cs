using Kappa.Iot.ServiceDefaults;

namespace Kappa.Iot.ScoringService;

internal static class ScoringRegistration
{
    /// <summary>Adds the scorer and its health check <c>scoring</c>.</summary>
    public static void AddScoring(this WebApplicationBuilder builder)
    {
        builder.AddCheckedOptions<ScoringOptions>(ScoringOptions.Section);
        builder.Services.AddSingleton<ScoringMetrics>();
        builder.Services.AddSingleton<StateRestore>();
        builder.Services.AddSingleton<ScoringWorker>();
        builder.Services.AddSingleton<IHostedService>(services => services.GetRequiredService<ScoringWorker>());
        builder.Services.AddHostedService<FleetWatch>();
        builder.Services.AddHealthChecks().AddCheck<ScoringReady>("scoring");
    }
}
