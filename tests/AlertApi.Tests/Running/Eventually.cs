namespace Kappa.Iot.AlertApi.Running;

/// <summary>Waits for what comes in its own time.</summary>
public static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Asks again and again until the answer is not null.</summary>
    /// <exception cref="TimeoutException">It was null for a minute and a half.</exception>
    public static async Task<T> FindAsync<T>(Func<Task<T?>> ask, string what, CancellationToken cancel) where T : class
    {
        var until = DateTime.UtcNow + Patience;
        while (true)
        {
            if (await ask() is { } found) return found;
            if (DateTime.UtcNow > until) throw new TimeoutException($"Waited {Patience} for {what}.");
            await Task.Delay(100, cancel);
        }
    }

    public static Task IsAsync(Func<Task<bool>> ask, string what, CancellationToken cancel) =>
        FindAsync(async () => await ask() ? "" : null, what, cancel);
}
