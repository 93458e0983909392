namespace Kappa.Iot.Simulator.Publishing;

/// <summary>What all vehicles together have sent. A batch counts once, however often it had to be sent.</summary>
public sealed class DeliveryCounters
{
    private long _published, _acknowledged, _refused, _resent;
    private int _connected, _everConnected;

    /// <summary>Distinct batches (vehicle, boot, sequence) given to the network.</summary>
    public long Published => Interlocked.Read(ref _published);

    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Batches that the broker took and refused for good, with a reason code.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Repeated sends after a lost connection.</summary>
    public long Resent => Interlocked.Read(ref _resent);

    /// <summary>Vehicles that are connected now.</summary>
    public int Connected => Volatile.Read(ref _connected);

    /// <summary>Whether any vehicle has ever been connected.</summary>
    public bool EverConnected => Volatile.Read(ref _everConnected) != 0;

    /// <summary>What went wrong last, or null.</summary>
    public string? LastTrouble { get; private set; }

    /// <summary>Carries on from an earlier life of the simulator.</summary>
    public void Resume(long published, long acknowledged, long refused)
    {
        Interlocked.Add(ref _published, published);
        Interlocked.Add(ref _acknowledged, acknowledged);
        Interlocked.Add(ref _refused, refused);
    }

    internal void AddPublished() => Interlocked.Increment(ref _published);

    internal void AddAcknowledged() => Interlocked.Increment(ref _acknowledged);

    internal void AddRefused(string reason)
    {
        Interlocked.Increment(ref _refused);
        LastTrouble = reason;
    }

    internal void AddResent(int batches) => Interlocked.Add(ref _resent, batches);

    internal void AddConnected(int change)
    {
        Interlocked.Add(ref _connected, change);
        if (change > 0) Volatile.Write(ref _everConnected, 1);
    }

    internal void Trouble(string what) => LastTrouble = what;
}
