namespace Kappa.Iot.Simulator.Fleet;

/// <summary>Event time of the live phase: the clock's own, or faster or slower from the start on.</summary>
public sealed class EventClock(TimeProvider time, double speed)
{
    private readonly long _startMs = time.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly long _start = time.GetTimestamp();

    /// <summary>Unix milliseconds at which this clock was made.</summary>
    public long StartMs => _startMs;

    public long NowMs => _startMs + (long)(time.GetElapsedTime(_start).TotalMilliseconds * speed);

    /// <summary>Waits until event time has come to <paramref name="ms"/>.</summary>
    public async Task WaitUntilAsync(long ms, CancellationToken cancel)
    {
        while (ms - NowMs is > 0 and var ahead)
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(ahead / speed, 1, 60_000)), time, cancel);
    }
}
