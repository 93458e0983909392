using Kappa.Iot.AlertApi.Alerts;
using Kappa.Iot.AlertApi.Log;
using Kappa.Iot.AlertApi.Models;
using Kappa.Iot.AlertApi.Vehicles;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Fleet;

/// <summary>The figures of the whole fleet, drawn from the other boards.</summary>
public sealed class FleetBoard(AlertBoard alerts, VehicleBoard vehicles, ModelBoard models, FleetAlertBoard fleetAlerts, LogState log, TimeProvider time)
{
    private readonly Rate _messages = new(time);
    private readonly Rate _samples = new(time);

    /// <summary>Counts a telemetry message.</summary>
    public void Count(TelemetryBatch batch)
    {
        _messages.Add(1);
        _samples.Add(batch.Columns.Count == 0 ? 0 : batch.Columns.Max(c => c.Values.Count));
    }

    public FleetFigures Read()
    {
        var open = alerts.OpenBySeverity();
        return new()
        {
            Vehicles = vehicles.Vehicles.Count,
            Online = vehicles.Online,
            Alerting = alerts.VehiclesWithOpenAlerts(),
            FleetAlerts = alerts.Count(fleetAlerts.Open()),
            OpenAlerts = new(Of(Severity.Critical), Of(Severity.Major), Of(Severity.Minor), Of(Severity.Warning)),
            MessagesPerSecond = Math.Round(_messages.PerSecond, 1),
            SamplesPerSecond = Math.Round(_samples.PerSecond, 1),
            Log = log.Name,
            ModelsVersion = models.Version,
        };

        int Of(Severity severity) => open.GetValueOrDefault(severity);
    }
}
