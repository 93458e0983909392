namespace Kappa.Iot.IngestGateway;

/// <summary>
/// The unreleased QoS 2 ids of clients that want to go on where they were (no clean session). A client's new connection often starts
/// before the gateway has seen the end of the old one, so they are here from the start of a connection, not from its end.
/// </summary>
internal sealed class ReceivedIdsByClient(TimeProvider time)
{
    private static readonly TimeSpan KeptFor = TimeSpan.FromHours(1);

    private readonly Dictionary<string, ReceivedIds> _clients = [];
    private long _sweptAt = time.GetTimestamp();

    /// <summary>A connection starts.</summary>
    public ReceivedIds Resume(string clientId, bool clean)
    {
        lock (_clients)
        {
            var handedOver = _clients.Remove(clientId, out var before) ? before.HandOver() : null;
            if (clean) return new ReceivedIds();
            return _clients[clientId] = handedOver ?? new ReceivedIds();
        }
    }

    /// <summary>A connection has ended; nothing changes where the client has a newer one.</summary>
    public void Leave(string clientId, ReceivedIds ids)
    {
        lock (_clients)
        {
            if (!_clients.TryGetValue(clientId, out var current) || !ReferenceEquals(current, ids)) return;
            if (ids.IsEmpty) _clients.Remove(clientId);
            else ids.LeftAt = time.GetTimestamp();
            if (time.GetElapsedTime(_sweptAt) < KeptFor) return;

            _sweptAt = time.GetTimestamp();
            foreach (var (id, old) in _clients)
            {
                if (old.LeftAt is { } leftAt && time.GetElapsedTime(leftAt) > KeptFor) _clients.Remove(id);
            }
        }
    }
}
