namespace Kappa.Iot.AlertApi.Log;

/// <summary>Whether what the API shows is what the log says now.</summary>
public sealed class LogState
{
    private int _behind;

    /// <summary>False while the log does not answer.</summary>
    public bool Reachable { get; set; }

    /// <summary>True once everything that was on the log at the start has been read.</summary>
    public bool CaughtUp => Volatile.Read(ref _behind) == 0;

    public string Name => !Reachable ? "away" : CaughtUp ? "connected" : "catching-up";

    internal void Expect(int readers) => Interlocked.Add(ref _behind, readers);

    internal void CatchUp() => Interlocked.Decrement(ref _behind);
}
