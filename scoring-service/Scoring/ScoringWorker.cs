using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ScoringService;

/// <summary>Runs the scorer as a member of its group, once the topics and the models that are waited for are there.</summary>
internal sealed class ScoringWorker(
    IOptions<KafkaOptions> kafka, IOptions<ScoringOptions> options, TopicSetup topics, ActiveModels models, SpeakingModels speaking, StateRestore restore, StreamingMetrics metrics, ILogger<ScoringWorker> logger) : BackgroundService
{
    private readonly TransactionalConsumer _consumer = new(kafka.Value, Translate(options.Value), restore, metrics, logger);

    /// <summary>Whether telemetry is being scored, and if not, why.</summary>
    public (bool Ready, string Reason) State => this switch
    {
        { Topics.IsCompletedSuccessfully: false } => (false, "The topics are not set up yet."),
        { Models.IsCompletedSuccessfully: false } => (false, models.Missing is { Count: > 0 } missing
            ? $"There is no model yet for {string.Join(", ", missing)} (Models:WaitFor)."
            : "The model registry is being read."),
        { _consumer.Assigned: null } => (false, "No partitions are assigned yet."),
        { _consumer.Restoring: > 0 and var restoring } => (false, $"{restoring} partitions are being restored."),
        _ => (true, string.Concat([$"{_consumer.Assigned} partitions are assigned.", .. speaking.Warming().Select(model =>
            $" Model {model.ModelId} of profile {model.Profile} still reads the past of {model.Partitions}; until then what scored them before goes on.")])),
    };

    private Task Topics => topics.Done;

    private Task Models => models.Ready;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await topics.Done.WaitAsync(stoppingToken);
            await models.Ready.WaitAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }

        await _consumer.RunAsync(stoppingToken);
    }

    private static TransactionalConsumerOptions Translate(ScoringOptions options) => new()
    {
        Topic = options.Topics.Telemetry,
        DeadLetterTopic = options.Topics.DeadLetter,
        GroupId = options.GroupId,
        Instance = options.Instance,
        MaxBatch = options.MaxBatch,
        MaxWait = options.MaxWait,
        SessionTimeout = options.SessionTimeout,
        TransactionTimeout = options.TransactionTimeout,
        DrainTimeout = options.DrainTimeout,
        Parallelism = options.Parallelism > 0 ? options.Parallelism : Environment.ProcessorCount,
    };
}
