namespace Kappa.Iot.Streaming;

/// <summary>Pauses of a thread that has nothing else to do, on the clock that everything else goes by.</summary>
internal static class BlockingWait
{
    /// <summary>Blocks for a while; returns early, without throwing, where it is cancelled.</summary>
    public static void Wait(this TimeProvider time, TimeSpan pause, CancellationToken cancel)
    {
        var over = new ManualResetEventSlim(); // not disposed: the timer may be about to set it
        using var early = cancel.UnsafeRegister(Set, over);
        using var timer = time.CreateTimer(Set, over, pause, Timeout.InfiniteTimeSpan);
        over.Wait(CancellationToken.None);
    }

    private static void Set(object? over) => ((ManualResetEventSlim)over!).Set();
}
