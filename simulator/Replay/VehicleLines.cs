using Kappa.Iot.Simulator.Publishing;

namespace Kappa.Iot.Simulator.Replay;

/// <summary>One line to the broker for each vehicle that is being replayed, shared by all files that speak of it.</summary>
internal sealed class VehicleLines(BrokerOptions broker, DeliveryCounters counters, TimeProvider time) : IAsyncDisposable
{
    private readonly ConnectGate _gate = new(broker.ConnectRate, time);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (VehicleLink Link, int Users)> _lines = [];
    private readonly HashSet<string> _seen = [];

    /// <summary>Distinct vehicles so far.</summary>
    public int Vehicles
    {
        get { lock (_lock) return _seen.Count; }
    }

    /// <summary>The vehicle's line, connected if it was not.</summary>
    public VehicleLink Take(string vin)
    {
        lock (_lock)
        {
            _seen.Add(vin);
            if (!_lines.TryGetValue(vin, out var line))
            {
                line = (new VehicleLink(vin, broker, _gate, counters), 0);
                line.Link.Start();
            }

            _lines[vin] = line with { Users = line.Users + 1 };
            return line.Link;
        }
    }

    /// <summary>The last user's return closes the line.</summary>
    public async Task ReturnAsync(string vin)
    {
        VehicleLink? unused = null;
        lock (_lock)
        {
            var (link, users) = _lines[vin];
            if (users > 1)
            {
                _lines[vin] = (link, users - 1);
            }
            else
            {
                _lines.Remove(vin);
                unused = link;
            }
        }

        if (unused is not null) await unused.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        List<VehicleLink> all;
        lock (_lock) all = [.. _lines.Values.Select(l => l.Link)];
        await Task.WhenAll(all.Select(l => l.DisposeAsync().AsTask()));
    }
}
