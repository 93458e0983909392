using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Kappa.Iot.Streaming;

/// <summary>Registers <see cref="TopicSetup"/>.</summary>
public static class TopicSetupRegistration
{
    /// <summary>Adds <see cref="TopicSetup"/>, started with the host, and a health check named <c>log</c>. Needs <c>KafkaOptions</c> among the options.</summary>
    public static IServiceCollection AddTopicSetup(this IServiceCollection services)
    {
        services.AddSingleton<TopicSetup>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<TopicSetup>());
        services.AddSingleton<LogReachable>();
        services.AddHealthChecks().AddCheck<LogReachable>("log");
        return services;
    }
}
