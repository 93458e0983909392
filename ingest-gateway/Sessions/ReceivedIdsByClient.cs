namespace Kappa.Iot.IngestGateway;

/// <summary>Keeps the unreleased QoS 2 ids of clients that went away and want to go on where they were (no clean session).</summary>
internal sealed class ReceivedIdsByClient(TimeProvider time)
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    private readonly Dictionary<string, ReceivedIds> _kept = [];
    private long _sweptAt = time.GetTimestamp();

    public ReceivedIds Resume(string clientId, bool clean)
    {
        lock (_kept) return _kept.Remove(clientId, out var ids) && !clean ? ids : new ReceivedIds();
    }

    public void Keep(string clientId, ReceivedIds ids)
    {
        if (ids.IsEmpty) return;
        lock (_kept)
        {
            ids.LeftAt = time.GetTimestamp();
            _kept[clientId] = ids;
            if (time.GetElapsedTime(_sweptAt) < KeptFor) return;

            _sweptAt = time.GetTimestamp();
            foreach (var (id, old) in _kept)
            {
                if (time.GetElapsedTime(old.LeftAt) > KeptFor) _kept.Remove(id);
            }
        }
    }
}
