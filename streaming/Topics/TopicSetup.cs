using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.Streaming;

/// <summary>
/// Creates the platform's topics where they are missing, and waits for a log that does not answer yet. Services start their readers after
/// <see cref="Done"/>. Registered by <see cref="TopicSetupRegistration.AddTopicSetup"/>.
/// </summary>
public sealed class TopicSetup(IOptions<KafkaOptions> kafka, ILogger<TopicSetup> logger) : BackgroundService
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes once every topic is there.</summary>
    public Task Done => _done.Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await EnsureAsync(kafka.Value, logger, stoppingToken);
        _done.TrySetResult();
    }

    /// <summary>Creates what is missing; tries again, with a log line each time, until the log answers.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled first.</exception>
    public static async Task EnsureAsync(KafkaOptions kafka, ILogger logger, CancellationToken cancel)
    {
        var backoff = new Backoff();
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                using var admin = new AdminClientBuilder(kafka.ToClientConfig("topic-setup")).SetLogHandler((_, _) => { }).Build();
                await TopicCatalogue.EnsureAsync(admin, kafka.Partitions, AnswerWithin);
                logger.TopicsReady(kafka.BootstrapServers);
                return;
            }
            catch (Exception e) when (e is KafkaException or InvalidOperationException)
            {
                logger.TopicsNotReady(kafka.BootstrapServers, e.Message);
                await backoff.WaitAsync(cancel);
            }
        }
    }
}
