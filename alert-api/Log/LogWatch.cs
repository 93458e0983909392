using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Kappa.Iot.AlertApi.Log;

/// <summary>Looks every few seconds whether the log answers, so that the page can say when it does not.</summary>
internal sealed class LogWatch(HealthCheckService health, LogState state, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Seldom = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var report = await health.CheckHealthAsync(check => check.Name == "log", stoppingToken);
            state.Reachable = report.Status == HealthStatus.Healthy;
            await Task.Delay(state.Reachable ? Seldom : Often, time, stoppingToken);
        }
    }
}
