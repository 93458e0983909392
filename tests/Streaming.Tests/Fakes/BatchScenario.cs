using System.Runtime.ExceptionServices;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Streaming.Tests.Fakes;

/// <summary>A batch consumer on a log in memory and a fake clock, all on one thread.</summary>
internal sealed class BatchScenario : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private ExceptionDispatchInfo? _failed;

    public BatchScenario(params int[] partitions)
    {
        Log = new FakeLog(Clock) { Given = partitions };
        Meters = new FakeMeters(Clock);
    }

    public FakeClock Clock { get; } = new();

    public FakeLog Log { get; }

    public FakeMeters Meters { get; }

    public BatchConsumerOptions Options { get; set; } = new() { Topics = [FakeLog.Input], GroupId = "group" };

    public BatchConsumer? Consumer { get; private set; }

    /// <summary>What was handed over, in the order it was.</summary>
    public List<(TimeSpan At, string[] Values)> Batches { get; } = [];

    /// <summary>What the handler does with a batch.</summary>
    public Action? OnHandle { get; set; }

    /// <inheritdoc cref="Scenario.At"/>
    public BatchScenario At(double seconds, Action happens)
    {
        Clock.At(seconds, () =>
        {
            try
            {
                happens();
            }
            catch (Exception e)
            {
                _failed ??= ExceptionDispatchInfo.Capture(e);
                _stop.Cancel();
            }
        });
        return this;
    }

    /// <inheritdoc cref="Scenario.Run"/>
    public void Run(double seconds)
    {
        Clock.At(seconds, _stop.Cancel);
        Consumer = new BatchConsumer(new KafkaOptions(), Options, Meters.Metrics, NullLogger.Instance, Log, Clock);
        SameThread.Run(() => Consumer.Run(Handle, _stop.Token));
        _failed?.Throw();
    }

    public void Dispose()
    {
        _stop.Dispose();
        Meters.Dispose();
    }

    private Task Handle(IReadOnlyList<ConsumeResult<byte[], byte[]>> records, CancellationToken cancel)
    {
        Batches.Add((Clock.Elapsed, [.. records.Select(Tests.Log.Text)]));
        OnHandle?.Invoke();
        return Task.CompletedTask;
    }
}
