using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ScoringService;

/// <summary>Watches the fleet as a whole: of all scorers that run, the one that has the minutes' only partition.</summary>
internal sealed class FleetWatch(
    IOptions<KafkaOptions> kafka, IOptions<ScoringOptions> options, TopicSetup topics, ScoringMetrics scoring, StreamingMetrics metrics, ILogger<FleetWatch> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.Topics.WatchFleet) return;
        try
        {
            await topics.Done.WaitAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }

        await new TransactionalConsumer(kafka.Value, new TransactionalConsumerOptions
        {
            Topic = options.Value.Topics.FleetMinutes,
            GroupId = $"{options.Value.GroupId}-fleet",
            Instance = options.Value.Instance,
            MaxWait = TimeSpan.FromSeconds(1), // a minute that is judged a second later is soon enough
            SessionTimeout = options.Value.SessionTimeout,
            TransactionTimeout = options.Value.TransactionTimeout,
            DrainTimeout = options.Value.DrainTimeout,
            Parallelism = 1,
        }, new FleetProcessors(kafka.Value, options.Value.Topics, scoring, logger), metrics, logger).RunAsync(stoppingToken);
    }
}
