using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.IngestGateway;

/// <summary>
/// Who is connected to this gateway, and says so on the log. A vehicle is online while any of its sessions lives; the end of an older
/// session never hides a newer one. What the log did not store is said again until it did.
/// </summary>
internal sealed class PresenceBoard(LogWriter log, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan RepeatAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Vehicle> _vehicles = [];
    private HashSet<string> _unsaid = [];
    private ulong _lastEpoch;

    /// <summary>A session begins.</summary>
    public VehicleSession Connected(string clientId, string vin)
    {
        lock (_lock)
        {
            var epoch = Math.Max(_lastEpoch + 1, (ulong)time.GetUtcNow().ToUnixTimeMilliseconds());
            _lastEpoch = epoch;
            if (!_vehicles.TryGetValue(vin, out var vehicle)) _vehicles[vin] = vehicle = new Vehicle();
            vehicle.Sessions++;
            Say(vin, vehicle, epoch, PresenceReason.Connected);
            return new VehicleSession(clientId, vin, epoch);
        }
    }

    /// <summary>A session is over. It says something only where it was the vehicle's last.</summary>
    public void Disconnected(VehicleSession session, PresenceReason reason)
    {
        lock (_lock)
        {
            var vehicle = _vehicles[session.Vin];
            if (--vehicle.Sessions > 0) return;
            Say(session.Vin, vehicle, vehicle.Now!.SessionEpoch, reason);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(RepeatAfter, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            lock (_lock)
            {
                if (_unsaid.Count == 0) continue;
                var again = _unsaid;
                _unsaid = [];
                foreach (var vin in again)
                {
                    if (_vehicles.TryGetValue(vin, out var vehicle)) Write(vin, vehicle);
                }
            }
        }
    }

    private void Say(string vin, Vehicle vehicle, ulong epoch, PresenceReason reason)
    {
        vehicle.Now = new Presence
        {
            Vin = vin,
            Online = vehicle.Sessions > 0,
            SessionEpoch = epoch,
            ChangedAtMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
            Reason = reason,
        };
        Write(vin, vehicle);
    }

    /// <summary>Under the lock, so that the log has a vehicle's changes in their order.</summary>
    private void Write(string vin, Vehicle vehicle)
    {
        var said = vehicle.Now!;
        log.Produce(TopicCatalogue.Presence.Name, new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(vin), Value = said.ToByteArray() },
            stored => Written(vin, said, stored));
    }

    private void Written(string vin, Presence said, bool stored)
    {
        lock (_lock)
        {
            if (!_vehicles.TryGetValue(vin, out var vehicle) || !ReferenceEquals(vehicle.Now, said)) return;
            if (!stored) _unsaid.Add(vin);
            else if (vehicle.Sessions == 0) _vehicles.Remove(vin);
        }
    }

    private sealed class Vehicle
    {
        public int Sessions { get; set; }

        public Presence? Now { get; set; }
    }
}
