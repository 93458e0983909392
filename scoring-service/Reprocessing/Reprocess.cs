using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// Writes a generation: the live scorer's own consumer, restore and partition scorers, over the stretches of its plan, into its own topics.
/// Offsets are committed with the output, so a process that was killed is continued by the next without a record twice.
/// </summary>
internal sealed class Reprocess(KafkaOptions kafka, ScoringOptions live, StreamingMetrics streaming, ScoringMetrics metrics, TimeProvider time, ILoggerFactory loggers)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Works until all of it is done, by this process or together with others.</summary>
    /// <param name="generation">Its plan.</param>
    /// <param name="options">How to work.</param>
    /// <param name="progress">Told how far it is, at the start and then about twice a second.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; what is committed stays and can be continued.</exception>
    /// <exception cref="ModelRegistryException">A model is not in the registry any more.</exception>
    public async Task RunAsync(Generation generation, ReprocessOptions options, IProgress<ReprocessProgress> progress, CancellationToken cancel)
    {
        var names = new GenerationNames(generation.Name, live);
        var scope = new ReplayScope(generation.Telemetry.ToDictionary(range => range.Partition), generation.FromMs, generation.ToMs);
        var models = await ReplayModels.LoadAsync(new ModelRegistry(kafka, loggers.CreateLogger<ModelRegistry>()), generation.Models, cancel);
        var scoring = live with
        {
            SnapshotEvery = options.SnapshotEvery,
            Parallelism = options.Workers,
            Topics = live.Topics with { Scores = names.Scores, Alerts = names.Alerts, State = names.State, FleetMinutes = "" },
        };
        var restore = new StateRestore(Options.Create(kafka), Options.Create(scoring), models, metrics, time, loggers.CreateLogger<StateRestore>(), loggers.CreateLogger<PartitionScorer>(), scope);
        var bounds = generation.Telemetry.Select(range => new LogRange(new TopicPartition(live.Topics.Telemetry, range.Partition), range.From, range.To))
            .Where(range => range.Length > 0).ToDictionary(range => range.Partition);
        var consumer = new TransactionalConsumer(kafka, new TransactionalConsumerOptions
        {
            Topic = live.Topics.Telemetry,
            DeadLetterTopic = live.Topics.DeadLetter, // what the code of today cannot process must not hold up all else; of what it only cannot score it says nothing again
            GroupId = names.GroupId,
            Instance = options.Instance,
            MaxBatch = options.MaxBatch,
            Bounds = bounds,
            SessionTimeout = live.SessionTimeout,
            TransactionTimeout = live.TransactionTimeout,
            Parallelism = options.Workers,
        }, restore, streaming, loggers.CreateLogger<Reprocess>());

        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var work = consumer.RunAsync(done.Token);
        try
        {
            await WatchAsync(names, bounds, progress, done.Token);
        }
        finally
        {
            await done.CancelAsync();
            await work;
        }
    }

    private async Task WatchAsync(GenerationNames names, Dictionary<TopicPartition, LogRange> bounds, IProgress<ReprocessProgress> progress, CancellationToken cancel)
    {
        var total = bounds.Values.Sum(range => range.Length);
        using var reader = GenerationTopics.Reader(kafka, names.GroupId);
        while (true)
        {
            if (Done() is { } done)
            {
                progress.Report(new ReprocessProgress(done, total));
                if (done == total) return;
            }

            await Task.Delay(LookEvery, time, cancel);
        }

        long? Done()
        {
            try
            {
                var committed = GenerationTopics.Committed(reader, bounds.Keys);
                return bounds.Values.Sum(range => Math.Clamp(committed.GetValueOrDefault(range.Partition.Partition.Value) - range.From, 0, range.Length));
            }
            catch (KafkaException)
            {
                return null; // the log is away or a transaction is just ending; the consumer says so where it matters
            }
        }
    }
}
