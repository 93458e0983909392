using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Network;

/// <summary>
/// What all connections together may hold in buffers beyond a small one each. Requests wait for their share (the client is not read
/// from meanwhile); an answer that finds nothing left costs its connection.
/// </summary>
internal sealed class MemoryBudget(long limit, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);

    private long _used;

    /// <summary>Bytes that are taken now.</summary>
    public long Used => Interlocked.Read(ref _used);

    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= limit)
            return true;

        Return(bytes);
        return false;
    }

    /// <exception cref="MemoryBudgetException">There is not as much left.</exception>
    public void Take(long bytes)
    {
        if (!TryTake(bytes))
            throw Exhausted(bytes);
    }

    /// <summary>Waits for other connections to give something back.</summary>
    /// <exception cref="MemoryBudgetException">They did not: perhaps they wait for each other.</exception>
    public async ValueTask TakeAsync(long bytes, CancellationToken cancel)
    {
        var start = time.GetTimestamp();
        while (!TryTake(bytes))
        {
            if (time.GetElapsedTime(start) > Patience)
                throw Exhausted(bytes);
            await Task.Delay(RetryInterval, time, cancel);
        }
    }

    public void Return(long bytes) => Interlocked.Add(ref _used, -bytes);

    private MemoryBudgetException Exhausted(long bytes) =>
        new($"{bytes} more bytes would go beyond the {limit} that all connections may hold in buffers (maxBufferMemory).");
}
