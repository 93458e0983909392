namespace Kappa.Iot.Streaming;

/// <summary>Growing pauses between attempts: 100 ms, doubled up to 5 s, each shortened by up to a quarter so that processes do not march in step.</summary>
internal struct Backoff(TimeProvider time)
{
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);

    private int _attempts;

    public void Reset() => _attempts = 0;

    /// <summary>Waits before the next attempt; returns early, without throwing, where it is cancelled.</summary>
    public void Wait(CancellationToken cancel) => time.Wait(Next(), cancel);

    public Task WaitAsync(CancellationToken cancel) => Task.Delay(Next(), time, cancel);

    /// <summary>How long to wait before the next attempt.</summary>
    public TimeSpan Next()
    {
        var pause = First * Math.Pow(2, Math.Min(_attempts++, 10));
        if (pause > Longest) pause = Longest;
        return pause * (1 - Random.Shared.NextDouble() / 4);
    }
}
