namespace Kappa.Iot.IngestGateway;

/// <summary>
/// Lets at most so many messages, and so many bytes of them, be on their way to the log. Whoever comes later waits in turn, and does not
/// read from its socket meanwhile, so that TCP slows the vehicle.
/// </summary>
/// <param name="maxCount">Messages.</param>
/// <param name="maxBytes">Bytes; a message that is larger goes alone.</param>
internal sealed class InFlightGate(int maxCount, long maxBytes)
{
    private readonly Lock _lock = new();
    private readonly Queue<Waiter> _waiting = new();
    private int _count;
    private long _bytes;

    public int Count => Volatile.Read(ref _count);

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Completes when there is room. Whoever entered must leave.</summary>
    /// <exception cref="OperationCanceledException">Did not enter, and must not leave.</exception>
    public ValueTask EnterAsync(long bytes, CancellationToken cancel)
    {
        Waiter waiter;
        lock (_lock)
        {
            if (_waiting.Count == 0 && HasRoom(bytes))
            {
                Take(bytes);
                return ValueTask.CompletedTask;
            }

            waiter = new Waiter(bytes);
            _waiting.Enqueue(waiter);
        }

        return new ValueTask(waiter.WaitAsync(cancel));
    }

    public void Leave(long bytes)
    {
        lock (_lock)
        {
            _count--;
            _bytes -= bytes;
            while (_waiting.TryPeek(out var next))
            {
                if (next.Task.IsCompleted)
                {
                    _waiting.Dequeue(); // gave up
                    continue;
                }

                if (!HasRoom(next.Bytes)) return;
                _waiting.Dequeue();
                if (next.TrySetResult()) Take(next.Bytes);
            }
        }
    }

    private bool HasRoom(long bytes) => _count < maxCount && (_bytes + bytes <= maxBytes || _count == 0);

    private void Take(long bytes)
    {
        _count++;
        _bytes += bytes;
    }

    private sealed class Waiter(long bytes) : TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long Bytes => bytes;

        public async Task WaitAsync(CancellationToken cancel)
        {
            await using var registration = cancel.UnsafeRegister(static (state, token) => ((Waiter)state!).TrySetCanceled(token), this);
            await Task;
        }
    }
}
