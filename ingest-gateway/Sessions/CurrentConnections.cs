using System.Collections.Concurrent;
using MQTTnet.Protocol;

namespace Kappa.Iot.IngestGateway;

/// <summary>
/// The one connection of each client id. A client that connects again takes over from its older connection, and is let on only once that
/// one is quite gone: the MQTT library clears an ended session away by its client id, and could clear the new one away with it.
/// </summary>
internal sealed class CurrentConnections
{
    private static readonly Closing TakenOver = new(MqttDisconnectReasonCode.SessionTakenOver, "The client has connected again.", EndsCleanly: false);

    private readonly ConcurrentDictionary<string, VehicleConnection> _current = new();

    /// <summary>Makes a connection its client's current one, once those before it have ended.</summary>
    public async Task EnterAsync(string clientId, VehicleConnection connection, CancellationToken cancel)
    {
        while (_current.GetOrAdd(clientId, connection) is var current && current != connection)
        {
            connection.BeginSession(); // before the older one's ends: the vehicle does not go offline in between
            current.Close(TakenOver);
            await current.Ended.WaitAsync(cancel);
        }
    }

    /// <summary>A connection has ended; nothing changes where it never became the current one.</summary>
    public void Leave(string clientId, VehicleConnection connection) => _current.TryRemove(KeyValuePair.Create(clientId, connection));
}
