using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>A stretch of a partition that a model wants to read.</summary>
internal sealed class WarmUpRequest
{
    private readonly long _until, _most;
    private readonly TelemetryDecoder _decoder = new();
    private readonly TelemetryBatch _buffer = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="warmUp">The model.</param>
    /// <param name="time">Where to begin; null: at <paramref name="start"/>.</param>
    /// <param name="start">The first offset, or with a time the lowest that it may be.</param>
    /// <param name="until">The first offset after it.</param>
    /// <param name="most">Offsets that it may have, from the first on of which the model says something; what is beyond them is asked for later.</param>
    public WarmUpRequest(WarmUp warmUp, DateTimeOffset? time, long start, long until, long most = long.MaxValue)
    {
        (WarmUp, Time, _until, _most) = (warmUp, time, until, most);
        Begin(start);
    }

    public WarmUp WarmUp { get; }

    public int Partition => WarmUp.Partition;

    public DateTimeOffset? Time { get; }

    /// <summary>What is read next.</summary>
    public long Next { get; private set; }

    public long Until { get; private set; }

    /// <summary>Done when all of it is read; cancelled where the model was dropped meanwhile.</summary>
    public Task Done => _done.Task;

    /// <summary>It turned out where <see cref="Time"/> begins.</summary>
    public void StartAt(long offset)
    {
        Begin(Math.Max(Next, offset));
        WarmUp.From = Next;
    }

    /// <summary>Gives the model the next records. Once it has all, whoever asked goes on with it.</summary>
    public void Take(IEnumerable<ConsumeResult<byte[], byte[]>> records)
    {
        foreach (var record in records)
        {
            if (WarmUp.Dropped.IsCancellationRequested) return;
            if (TelemetryRecord.Read(record, _decoder, _buffer).Batch is { } batch) WarmUp.Take(batch, record);
            Next = record.Offset.Value + 1;
        }

        if (Next >= Until) Complete();
    }

    /// <summary>All of it is read.</summary>
    public void Complete()
    {
        if (_done.Task.IsCompleted) return;
        WarmUp.ReadTo = Until;
        _done.TrySetResult();
    }

    /// <summary>It cannot be read now.</summary>
    public void Fail(Exception failure) => _done.TrySetException(failure);

    /// <summary>The model is not wanted any more.</summary>
    public void GiveUp() => _done.TrySetCanceled();

    private void Begin(long start)
    {
        Next = Math.Min(_until, start);
        var from = Math.Max(Next, WarmUp.SaysFrom ?? Next);
        Until = _most < _until - from ? from + _most : _until;
    }
}
