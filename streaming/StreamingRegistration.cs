using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Kappa.Iot.Streaming;

/// <summary>What readers and writers of the log share in one process.</summary>
public static class StreamingRegistration
{
    /// <summary>Adds <see cref="StreamingMetrics"/> and the system's clock where no other clock was added.</summary>
    public static IServiceCollection AddStreaming(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<StreamingMetrics>();
        return services;
    }
}
