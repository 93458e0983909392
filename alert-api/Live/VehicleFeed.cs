using System.Runtime.CompilerServices;
using Kappa.Iot.AlertApi.Vehicles;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.AlertApi.Live;

/// <summary>What one subscriber of one vehicle is told.</summary>
public sealed class VehicleFeed(VehicleBoard vehicles, SignalHistory history, IOptions<AlertApiOptions> options, AlertApiMetrics metrics, TimeProvider time)
{
    /// <summary>The last minutes, then what comes, once a <see cref="AlertApiOptions.PushInterval"/>.</summary>
    public async IAsyncEnumerable<VehicleUpdate> ReadAsync(string vin, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(options.Value.PushInterval, time);
        metrics.Subscribed("vehicle", 1);
        try
        {
            var (signals, cursor) = history.Since(vin, default);
            var state = vehicles.Find(vin);
            yield return new(true, state, signals);

            while (await timer.WaitForNextTickAsync(cancel))
            {
                (signals, var next) = history.Since(vin, cursor);
                var now = vehicles.Find(vin);
                if (next == cursor && ReferenceEquals(now, state)) continue;
                (cursor, state) = (next, now);
                yield return new(false, state, signals);
            }
        }
        finally
        {
            metrics.Subscribed("vehicle", -1);
        }
    }
}
