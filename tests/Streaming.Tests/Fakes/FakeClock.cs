using Microsoft.Extensions.Time.Testing;

namespace Kappa.Iot.Streaming.Tests.Fakes;

/// <summary>
/// A clock on which everything happens on one thread: it goes on only while that thread waits, for a record or for a pause to be over, and
/// then a millisecond at a time, so that what is due meanwhile happens in its turn.
/// </summary>
internal sealed class FakeClock() : FakeTimeProvider(Noon)
{
    public static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(1);
    private readonly List<ITimer> _timers = [];

    public TimeSpan Elapsed => GetUtcNow() - Noon;

    /// <summary>How long the thread paused each time.</summary>
    public List<TimeSpan> Pauses { get; } = [];

    /// <summary>Something happens so many seconds after noon.</summary>
    public void At(double seconds, Action happens) =>
        _timers.Add(CreateTimer(_ => happens(), null, TimeSpan.FromSeconds(seconds) - Elapsed, Timeout.InfiniteTimeSpan));

    /// <summary>The thread waits until something is there, but not longer than so.</summary>
    public void Wait(TimeSpan longest, Func<bool> isThere)
    {
        var until = Elapsed + longest;
        while (Elapsed < until && !isThere()) Advance(Step);
    }

    /// <inheritdoc/>
    /// <remarks>A timer that sets an event is a pause of this thread, which waits for the event right after this.</remarks>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (state is not ManualResetEventSlim over) return timer;
        if (!over.IsSet) Pauses.Add(dueTime);
        Wait(dueTime + Step, () => over.IsSet);
        return timer;
    }
}
