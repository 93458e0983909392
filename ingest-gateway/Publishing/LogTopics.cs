using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.IngestGateway;

/// <summary>Creates the topics, as soon as the log answers; then keeps asking whether it still does, for the health endpoint.</summary>
internal sealed partial class LogTopics(IOptions<KafkaOptions> options, ILogger<LogTopics> logger) : BackgroundService, IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _trouble = "The log has not answered yet.";

    /// <summary>True once the topics have been seen; a log that is away for a while later does not change it.</summary>
    public bool AreReady => _ready.Task.IsCompleted;

    /// <summary>Completes when <see cref="AreReady"/> comes true.</summary>
    public Task Ready => _ready.Task;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Volatile.Read(ref _trouble) is { } trouble ? HealthCheckResult.Unhealthy(trouble) : HealthCheckResult.Healthy());

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // the first call to the client blocks
        var config = new AdminClientConfig(options.Value.ToClientConfig("ingest-gateway-admin")) { ReconnectBackoffMaxMs = 1_000 };
        using var admin = new AdminClientBuilder(config).SetLogHandler((_, line) => ClientLog(line.Message)).SetErrorHandler((_, error) => ClientLog(error.Reason)).Build();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (AreReady) await Task.Run(() => admin.GetMetadata(TopicCatalogue.Telemetry.Name, Patience), stoppingToken);
                else await TopicCatalogue.EnsureAsync(admin, options.Value.Partitions, Patience);
                Settle(null);
                _ready.TrySetResult();
            }
            catch (Exception e) when (e is KafkaException or InvalidOperationException)
            {
                Settle(e.Message);
            }

            await Task.Delay(Pause, stoppingToken);
        }
    }

    /// <summary>Logs changes only.</summary>
    private void Settle(string? trouble)
    {
        if (trouble is null && _trouble is not null) Answers(options.Value.BootstrapServers);
        if (trouble is not null && trouble != _trouble) DoesNotAnswer(options.Value.BootstrapServers, trouble);
        Volatile.Write(ref _trouble, trouble);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The log at {Address} answers; its topics are there")]
    private partial void Answers(string address);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log at {Address} cannot be used: {Reason}. Trying again; vehicles are not acknowledged meanwhile")]
    private partial void DoesNotAnswer(string address, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Kafka client: {Line}")]
    private partial void ClientLog(string line);
}
