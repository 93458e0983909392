using Kappa.Iot.Twins;

namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>Prepares the twin store once it can be reached.</summary>
internal sealed partial class TwinStoreSetup(ITwinStore twins, TimeProvider time, ILogger<TwinStoreSetup> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await twins.InitializeAsync(stoppingToken);
                return;
            }
            catch (TwinStoreException e)
            {
                NotReady(logger, e.Message);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The twin store is not ready, trying again (check Twins:ConnectionString if this goes on): {Reason}")]
    private static partial void NotReady(ILogger logger, string reason);
}
