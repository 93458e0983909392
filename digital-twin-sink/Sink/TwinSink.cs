using System.Collections.Concurrent;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Kappa.Iot.Twins;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.DigitalTwinSink;

/// <summary>Keeps the twins: reads telemetry, presence and alerts in batches and takes each batch, with the progress it makes, into the store.</summary>
internal sealed class TwinSink : BackgroundService
{
    private readonly TopicSetup _topics;
    private readonly StoreAccess _store;
    private readonly DeadLetterWriter _deadLetters;
    private readonly SinkMetrics _metrics;
    private readonly SinkOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly BatchConsumer _consumer;
    private readonly ConcurrentDictionary<TopicPartition, bool> _begun = new();

    public TwinSink(
        TopicSetup topics, StoreAccess store, StartPositions positions, DeadLetterWriter deadLetters, SinkMetrics metrics, StreamingMetrics streaming,
        IOptions<KafkaOptions> kafka, IOptions<SinkOptions> options, TimeProvider time, ILogger<TwinSink> logger)
    {
        (_topics, _store, _deadLetters, _metrics, _options, _time, _logger) = (topics, store, deadLetters, metrics, options.Value, time, logger);
        _consumer = new BatchConsumer(kafka.Value, new BatchConsumerOptions
        {
            Topics = RecordReader.Topics,
            GroupId = _options.GroupId,
            MaxBatch = _options.MaxBatch,
            MaxWait = _options.MaxWait,
            StartAt = (partitions, cancel) => Begin(positions, partitions, cancel),
        }, streaming, logger);
    }

    /// <summary>Whether it has a place in the group.</summary>
    public bool IsMember => _consumer.IsMember;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await _topics.Done.WaitAsync(stoppingToken);
            await _store.WaitForAsync(store => store.InitializeAsync(stoppingToken), stoppingToken);
            await Task.WhenAll(_consumer.RunAsync(HandleAsync, stoppingToken), WatchStoreAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped while it waited for the log or the store.
        }
    }

    private async Task HandleAsync(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, CancellationToken cancel)
    {
        var updates = new List<TwinUpdate>(records.Count);
        var progress = new Dictionary<TopicPartition, long>();
        foreach (var record in records)
        {
            progress[record.TopicPartition] = record.Offset + 1;
            switch (RecordReader.Read(record))
            {
                case RecordRead.Update update: updates.Add(update.Change); break;
                case RecordRead.Rejected rejected: await _deadLetters.WriteAsync(record, rejected); break;
            }
        }

        var positions = progress.Select(p => new TopicPartitionOffset(p.Key, p.Value)).ToList();
        var started = _time.GetTimestamp();
        var write = await _store.WaitForAsync(store => store.ApplyAsync(updates, positions, CancellationToken.None), cancel);
        _metrics.Wrote(write, _time.GetElapsedTime(started));
        if (write.Lost.Count > 0) Rebuild(write.Lost.Count);
    }

    /// <summary>Notices a store that was wiped while nothing was written to it.</summary>
    private async Task WatchStoreAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(_options.StoreCheck, _time);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            var begun = _begun.Keys.ToList();
            if (begun.Count == 0) continue;
            var known = await _store.WaitForAsync(store => store.FindProgressAsync(begun, cancel), cancel);
            var lost = begun.Count(partition => !known.ContainsKey(partition));
            if (lost > 0) Rebuild(lost);
        }
    }

    private void Rebuild(int lost)
    {
        _logger.StoreWiped(lost);
        _begun.Clear(); // until they have begun anew
        _consumer.Restart();
    }

    /// <summary>The reader waits here, in the middle of a rebalance, so there is nothing to go on with meanwhile.</summary>
    private IReadOnlyDictionary<TopicPartition, long> Begin(StartPositions positions, IReadOnlyList<TopicPartition> partitions, CancellationToken cancel)
    {
        var found = positions.FindAsync(partitions, cancel).GetAwaiter().GetResult();
        foreach (var partition in partitions) _begun[partition] = true;
        return found;
    }
}
