using Kappa.Iot.Contracts;

namespace Kappa.Iot.IngestGateway;

/// <summary>Who is at the other end of a connection, from CONNECT on.</summary>
/// <param name="ClientId">The MQTT client id.</param>
/// <param name="Vin">The vehicle it speaks for.</param>
/// <param name="Epoch">Rises with every session of the vehicle; Unix milliseconds, or a little later.</param>
internal sealed record VehicleSession(string ClientId, string Vin, ulong Epoch)
{
    private ulong _jsonSequence;

    /// <summary>A vehicle may have several clients: the client id is its id, or its id, a colon and anything.</summary>
    /// <returns>Null where the client id names no vehicle.</returns>
    public static string? VinOf(string? clientId)
    {
        if (clientId is null) return null;
        var colon = clientId.IndexOf(':');
        var vin = colon < 0 ? clientId : clientId[..colon];
        return VehicleId.IsValid(vin) ? vin : null;
    }

    /// <summary>Boot and sequence for a JSON message that leaves them out.</summary>
    public JsonDefaults NextJsonDefaults() => new(Epoch, ++_jsonSequence);
}
