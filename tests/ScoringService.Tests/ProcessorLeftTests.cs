using Confluent.Kafka;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>What a scorer began beside its partitions stops with them: each of its processors is told when it is thrown away.</summary>
public sealed class ProcessorLeftTests(TestLog log)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_processor_is_told_when_its_transaction_is_aborted_and_when_its_consumer_leaves()
    {
        var scenario = await Scenario.CreateAsync(log, 1);
        log.Write(scenario.Telemetry, new Fleet(scenario.Name, 2, seed: 97).Batches(3));
        var made = new Processors();
        await using var services = new ServiceCollection().AddMetrics().AddStreaming().BuildServiceProvider();
        var consumer = new TransactionalConsumer(
            log.Kafka, new TransactionalConsumerOptions { Topic = scenario.Telemetry, GroupId = scenario.Name, Instance = scenario.Name, SessionTimeout = TimeSpan.FromSeconds(6) },
            made, services.GetRequiredService<StreamingMetrics>(), NullLogger.Instance);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var work = consumer.RunAsync(enough.Token);
        for (var end = DateTime.UtcNow.AddMinutes(2); made.All is not [_, { Committed: true }]; await Task.Delay(100, Cancel)) Assert.True(DateTime.UtcNow < end, $"{made.All.Count} processors were made.");

        Assert.Equal([(true, false), (false, true)], made.All.Select(one => (one.HasLeft, one.Committed))); // the first one broke
        await enough.CancelAsync();
        await work;
        Assert.All(made.All, one => Assert.True(one.HasLeft));
    }

    private sealed class Processors : IPartitionProcessorFactory
    {
        public List<Processor> All { get; } = [];

        public Task<IReadOnlyDictionary<TopicPartition, IPartitionProcessor>> RestoreAsync(IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancel)
        {
            All.Add(new Processor(breaks: All.Count == 0));
            return Task.FromResult<IReadOnlyDictionary<TopicPartition, IPartitionProcessor>>(next.Keys.ToDictionary(partition => partition, _ => (IPartitionProcessor)All[^1]));
        }
    }

    private sealed class Processor(bool breaks) : IPartitionProcessor
    {
        private volatile bool _left, _committed;

        public bool HasLeft => _left;

        public bool Committed => _committed;

        public void Process(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, TransactionOutput output)
        {
            if (breaks) throw new InvalidOperationException("It breaks.");
        }

        public void OnCommitted() => _committed = true;

        public void Left() => _left = true;
    }
}
