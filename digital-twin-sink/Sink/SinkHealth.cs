using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Kappa.Iot.DigitalTwinSink;

/// <summary>Healthy where the store answers and the sink has a place in its group.</summary>
internal sealed class SinkHealth(StoreAccess store, StartPositions positions, TwinSink sink) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        (store.Error ?? positions.Blocked) is { } error ? HealthCheckResult.Unhealthy(error)
        : !sink.IsMember ? HealthCheckResult.Unhealthy("The sink has not joined its consumer group yet.")
        : HealthCheckResult.Healthy());
}
