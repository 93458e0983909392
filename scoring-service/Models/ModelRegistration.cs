using Kappa.Iot.ServiceDefaults;

namespace Kappa.Iot.ScoringService;

internal static class ModelRegistration
{
    /// <summary>Adds <see cref="ActiveModels"/>.</summary>
    public static void AddModels(this WebApplicationBuilder builder)
    {
        builder.AddCheckedOptions<ModelOptions>(ModelOptions.Section);
        builder.Services.AddSingleton<ActiveModels>();
        builder.Services.AddSingleton<IModelSource>(services => services.GetRequiredService<ActiveModels>());
        builder.Services.AddSingleton<IHostedService>(services => services.GetRequiredService<ActiveModels>());
        builder.Services.AddSingleton<SpeakingModels>();
        builder.Services.AddSingleton<WarmUpReader>();
        builder.Services.AddSingleton<IHostedService>(services => services.GetRequiredService<WarmUpReader>());
    }
}
