using System.IO.Hashing;
using System.Text;
using MQTTnet.Packets;

namespace Kappa.Iot.IngestGateway;

/// <summary>
/// QoS 2: the packet ids a client has published and not released yet. The same message under the same id is not written twice. A
/// different message under it is a new one (a client that lost its session starts its ids anew), and is written.
/// </summary>
internal sealed class ReceivedIds
{
    private readonly Lock _lock = new();

    /// <summary>Null once a newer connection of the client has them.</summary>
    private Dictionary<ushort, Entry>? _unreleased;

    public ReceivedIds()
        : this([])
    {
    }

    private ReceivedIds(Dictionary<ushort, Entry> unreleased) => _unreleased = unreleased;

    /// <summary>True where there is nothing to remember: what failed is to be sent again.</summary>
    public bool IsEmpty
    {
        get { lock (_lock) return _unreleased is null || _unreleased.Values.All(entry => entry.HasFailed); }
    }

    /// <summary>When the client left, null while it is here; meant for those who clear up.</summary>
    public long? LeftAt { get; set; }

    /// <summary>
    /// Gives the ids to the client's next connection, with what is still on its way. Nothing is taken through this one any more: it could
    /// be a message that the client releases over there.
    /// </summary>
    public ReceivedIds HandOver()
    {
        lock (_lock)
        {
            var unreleased = _unreleased ?? [];
            _unreleased = null;
            return new ReceivedIds(unreleased);
        }
    }

    /// <summary>Takes the message by calling <paramref name="take"/>, unless it is there already.</summary>
    public Task<PublishOutcome> TakeOnce(MqttPublishPacket packet, byte[] payload, Func<Task<PublishOutcome>> take)
    {
        var hash = Hash(packet.Topic, payload);
        lock (_lock)
        {
            if (_unreleased is null) return Task.FromResult(PublishOutcome.TakenOver);
            if (_unreleased.TryGetValue(packet.PacketIdentifier, out var known) && known.Hash == hash && !known.HasFailed) return RepeatAsync(known.Taking);
            var taking = take();
            _unreleased[packet.PacketIdentifier] = new Entry(hash, taking);
            return taking;
        }
    }

    /// <summary>The client released the id, or was refused.</summary>
    /// <returns>False where the id is unknown.</returns>
    public bool Release(ushort packetId)
    {
        lock (_lock) return _unreleased is not null && _unreleased.Remove(packetId);
    }

    private static async Task<PublishOutcome> RepeatAsync(Task<PublishOutcome> first)
    {
        var outcome = await first;
        return outcome.Result is PublishResult.Failed ? outcome : outcome with { Result = PublishResult.Repeated };
    }

    private static UInt128 Hash(string topic, byte[] payload)
    {
        var hash = new XxHash128();
        hash.Append(Encoding.UTF8.GetBytes(topic));
        hash.Append([0]);
        hash.Append(payload);
        return hash.GetCurrentHashAsUInt128();
    }

    private readonly record struct Entry(UInt128 Hash, Task<PublishOutcome> Taking)
    {
        public bool HasFailed => Taking.IsCompleted && (!Taking.IsCompletedSuccessfully || Taking.Result.Result == PublishResult.Failed);
    }
}
