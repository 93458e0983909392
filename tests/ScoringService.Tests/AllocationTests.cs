using System.Diagnostics.Metrics;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>What scoring costs in memory.</summary>
public sealed class AllocationTests(TestLog log)
{
    private const int Batches = 400;

    [Fact]
    public async Task Process_LargerBatches_AllocateNothingMoreForTheirSamples()
    {
        var profile = $"a{Guid.NewGuid():N}"[..12];
        var detector = TestLog.Load(await log.PromoteAsync(profile));
        var models = new OneModel(ModelSet.Empty with { Active = ModelSet.Empty.Active.Add(profile, detector) });

        var small = Allocated(models, profile, samples: 10);
        var large = Allocated(models, profile, samples: 100);

        // A score for each batch, whatever its size; for the 90 samples more of 6 signals nothing. (Protobuf's parser takes 4 bytes a value.)
        Assert.InRange(large - small, -500, 90);
    }

    /// <summary>Bytes a batch, once the windows are full and all code has run.</summary>
    private static double Allocated(OneModel models, string profile, int samples)
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var scorer = new PartitionScorer(
            0, 0, new PartitionState(0, 1_000_000), models, new ScoringTopics(), scope: null, new ScoringMetrics(services.GetRequiredService<IMeterFactory>()),
            TimeProvider.System, NullLogger<PartitionScorer>.Instance);
        var records = Enumerable.Range(0, Batches).Select(i => new ConsumeResult<byte[], byte[]>
        {
            TopicPartitionOffset = new TopicPartitionOffset("telemetry", 0, i),
            Message = new Message<byte[], byte[]> { Key = "CAR"u8.ToArray(), Value = Batch(profile, i, samples).ToByteArray() },
        }).ToList();
        scorer.Process(records.GetRange(0, Batches / 2), new TransactionOutput());
        var (rest, output) = (records.GetRange(Batches / 2, Batches / 2), new TransactionOutput());
        var before = GC.GetAllocatedBytesForCurrentThread();
        scorer.Process(rest, output);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (Batches / 2.0);
    }

    private static TelemetryBatch Batch(string profile, int number, int samples)
    {
        var batch = new TelemetryBatch { Vin = "CAR", Profile = profile, BootId = 1, Sequence = (ulong)number + 1, StartTimeMs = 1_760_000_000_000 + (number * samples * 1000L), SampleIntervalMs = 1000 };
        uint[] signals = [1, 2, 3, 4, 5, 8];
        foreach (var signal in signals)
        {
            var column = new SignalColumn { Signal = signal };
            for (var i = 0; i < samples; i++) column.Values.Add(50 + (signal * 3) + (10 * MathF.Sin(((number * samples) + i) / 40f)));
            batch.Columns.Add(column);
        }

        return batch;
    }

    private sealed class OneModel(ModelSet models) : IModelSource
    {
        public Task Ready => Task.CompletedTask;

        public ModelStretch At(int partition, long offset) => new(models, long.MaxValue);

        public Task<Detection.IDetector?> FindAsync(string profile, string modelId, CancellationToken cancel) => Task.FromResult(models.ActiveOf(profile));
    }
}
