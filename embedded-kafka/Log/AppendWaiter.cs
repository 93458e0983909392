namespace Kappa.Iot.Embedded.Log;

/// <summary>A long poll: woken when enough bytes were appended to the partitions that it watches.</summary>
internal sealed class AppendWaiter
{
    private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _missing;

    /// <param name="bytes">How many bytes must arrive; any append at all counts as one.</param>
    public AppendWaiter(long bytes) => _missing = Math.Max(1, bytes);

    public Task Enough => _enough.Task;

    public void Appended(int bytes)
    {
        if (Interlocked.Add(ref _missing, -bytes) <= 0)
            _enough.TrySetResult();
    }
}
