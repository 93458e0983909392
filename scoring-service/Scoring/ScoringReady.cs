using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Kappa.Iot.ScoringService;

/// <summary>Ready once partitions are assigned and restored and there are the models to wait for.</summary>
internal sealed class ScoringReady(ScoringWorker worker) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var (ready, reason) = worker.State;
        return Task.FromResult(ready ? HealthCheckResult.Healthy(reason) : HealthCheckResult.Unhealthy(reason));
    }
}
