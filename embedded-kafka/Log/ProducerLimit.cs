namespace Kappa.Iot.Embedded.Log;

/// <summary>Counts the producers that all partitions together remember, each in every partition that knows it.</summary>
/// <param name="max">From here on a partition forgets one for each that is new, as long as it has one without an open transaction.</param>
internal sealed class ProducerLimit(int max)
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public bool IsReached => Count >= max;

    /// <summary>How many are to go so that there is room again; 0 as long as there is.</summary>
    public int Excess => Count > 0.9 * max ? (int)(Count - (0.8 * max)) : 0;

    /// <param name="producers">Below zero where some were forgotten.</param>
    public void Add(int producers) => Interlocked.Add(ref _count, producers);
}
