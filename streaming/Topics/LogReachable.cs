using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.Streaming;

/// <summary>Healthy where the topics are there and the log answers now.</summary>
internal sealed class LogReachable(IOptions<KafkaOptions> kafka, TopicSetup topics) : IHealthCheck, IDisposable
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(3);
    private readonly Lazy<IAdminClient> _admin = new(() =>
        new AdminClientBuilder(kafka.Value.ToClientConfig("health")).SetLogHandler((_, _) => { }).Build());

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.Run(Check, cancellationToken);

    public void Dispose()
    {
        if (_admin.IsValueCreated) _admin.Value.Dispose();
    }

    private HealthCheckResult Check()
    {
        if (!topics.Done.IsCompletedSuccessfully) return HealthCheckResult.Unhealthy($"The topics are not set up yet on {kafka.Value.BootstrapServers}.");
        try
        {
            _admin.Value.GetMetadata(TopicCatalogue.Telemetry.Name, AnswerWithin);
            return HealthCheckResult.Healthy();
        }
        catch (KafkaException e)
        {
            return HealthCheckResult.Unhealthy($"The log at {kafka.Value.BootstrapServers} does not answer: {e.Error.Reason}", e);
        }
    }
}
