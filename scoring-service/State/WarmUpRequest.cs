using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>A stretch of a partition that a model wants to read.</summary>
/// <param name="warmUp">The model.</param>
/// <param name="time">Where to begin; null: at <paramref name="start"/>.</param>
/// <param name="start">The first offset, where that is known.</param>
/// <param name="until">The first offset after it.</param>
internal sealed class WarmUpRequest(WarmUp warmUp, DateTimeOffset? time, long start, long until)
{
    private readonly TelemetryDecoder _decoder = new();
    private readonly TelemetryBatch _buffer = new();

    public WarmUp WarmUp => warmUp;

    public int Partition => warmUp.Partition;

    public DateTimeOffset? Time => time;

    /// <summary>What is read next.</summary>
    public long Next { get; private set; } = start;

    public long Until => until;

    /// <summary>Done when all of it is read; cancelled where the model was dropped meanwhile.</summary>
    public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>It turned out where <see cref="Time"/> begins.</summary>
    public void StartAt(long offset) => Next = warmUp.From = Math.Min(until, offset);

    /// <summary>Gives the model the next records. Once it has all, whoever asked goes on with it.</summary>
    public void Take(IEnumerable<ConsumeResult<byte[], byte[]>> records)
    {
        foreach (var record in records)
        {
            if (warmUp.Dropped.IsCancellationRequested) return;
            if (TelemetryRecord.Read(record, _decoder, _buffer).Batch is { } batch) warmUp.Take(batch, record.Offset);
            Next = record.Offset.Value + 1;
        }

        if (Next >= until) Done.TrySetResult();
    }
}
