using System.Runtime.CompilerServices;
using Kappa.Iot.AlertApi.Alerts;
using Kappa.Iot.AlertApi.Fleet;
using Kappa.Iot.AlertApi.Vehicles;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.AlertApi.Live;

/// <summary>
/// What one subscriber of the fleet is told. Every subscriber draws from the boards at its own pace: a slow one gets fewer, larger
/// updates, never old ones, and holds up nobody.
/// </summary>
public sealed class FleetFeed(AlertBoard alerts, VehicleBoard vehicles, FleetBoard fleet, IOptions<AlertApiOptions> options, AlertApiMetrics metrics, TimeProvider time)
{
    private const int VehiclesAnUpdate = 2_000;
    private const int ClearedAtFirst = 200;

    // A burst of alerts becomes one update.
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(25);

    /// <summary>Names this run of the server.</summary>
    public string Server { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Everything, or what came after a cursor of this run; then every change. Alerts at once, the rest once a <see cref="AlertApiOptions.PushInterval"/>.</summary>
    public async IAsyncEnumerable<FleetUpdate> ReadAsync(FleetCursor? since, [EnumeratorCancellation] CancellationToken cancel)
    {
        var resumed = since?.Server == Server;
        var cursor = resumed ? since! : new(Server, 0, 0);
        var first = !resumed;
        using var timer = new PeriodicTimer(options.Value.PushInterval, time);
        var tick = Task.CompletedTask;
        metrics.Subscribed("fleet", 1);
        try
        {
            while (true)
            {
                IReadOnlyList<LiveVehicle> moved = [];
                var before = cursor.Vehicles;
                FleetFigures? figures = null;
                if (tick.IsCompleted)
                {
                    await tick;
                    (moved, var vehicleVersion) = vehicles.Vehicles.Since(cursor.Vehicles);
                    cursor = cursor with { Vehicles = vehicleVersion };
                    figures = fleet.Read();
                    tick = WaitAsync(timer, cancel);
                }

                var (changed, alertVersion) = alerts.Alerts.Since(cursor.Alerts);
                cursor = cursor with { Alerts = alertVersion };
                if (first) changed = AtFirst(changed);
                foreach (var update in Split(first, cursor, before, changed, moved, figures)) yield return update;
                metrics.Pushed("alert", changed.Count);
                metrics.Pushed("vehicle", moved.Count);

                first = false;
                var alerted = alerts.Alerts.WhenChangedAfter(cursor.Alerts);
                if (await Task.WhenAny(tick, alerted) == alerted) await Task.Delay(Burst, time, cancel);
                cancel.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            metrics.Subscribed("fleet", -1);
        }
    }

    /// <summary>Only the last part carries the cursor: whoever is cut off in between gets the vehicles again.</summary>
    private static IEnumerable<FleetUpdate> Split(
        bool reset, FleetCursor cursor, long before, IReadOnlyList<AlertDocument> changed, IReadOnlyList<LiveVehicle> moved, FleetFigures? figures)
    {
        var parts = moved.Chunk(VehiclesAnUpdate).ToList();
        var last = parts.LastOrDefault();
        var begun = cursor with { Vehicles = before };
        for (var i = 0; i < parts.Count - 1; i++)
            yield return new() { Reset = reset && i == 0, Cursor = begun, Alerts = i == 0 ? changed : null, Figures = i == 0 ? figures : null, Vehicles = parts[i] };
        yield return parts.Count > 1
            ? new() { Cursor = cursor, Vehicles = last }
            : new() { Reset = reset, Cursor = cursor, Alerts = changed, Figures = figures, Vehicles = last };
    }

    private static IReadOnlyList<AlertDocument> AtFirst(IReadOnlyList<AlertDocument> all) =>
    [
        .. all.Where(a => a.Status != AlertStatus.Active).TakeLast(ClearedAtFirst),
        .. all.Where(a => a.Status == AlertStatus.Active),
    ];

    private static async Task WaitAsync(PeriodicTimer timer, CancellationToken cancel) => await timer.WaitForNextTickAsync(cancel);
}
