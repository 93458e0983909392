namespace Kappa.Iot.Simulator.Publishing;

/// <summary>Lets vehicles connect one after the other at a bounded rate, so that a fleet does not storm the broker.</summary>
public sealed class ConnectGate(int perSecond, TimeProvider time)
{
    private readonly long _gap = Math.Max(1, time.TimestampFrequency / Math.Max(1, perSecond));
    private readonly Lock _lock = new();
    private long _next;

    /// <summary>Waits for this vehicle's turn.</summary>
    public Task WaitAsync(CancellationToken cancel)
    {
        long turn;
        var now = time.GetTimestamp();
        lock (_lock)
        {
            turn = Math.Max(now, _next);
            _next = turn + _gap;
        }

        return turn <= now ? Task.CompletedTask : Task.Delay(time.GetElapsedTime(now, turn), time, cancel);
    }
}
