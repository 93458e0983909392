using System.Diagnostics.Metrics;
using Kappa.Iot.AlertApi.Vehicles;

namespace Kappa.Iot.AlertApi;

/// <summary>What the API counts; meter <c>Kappa.Iot.AlertApi</c>.</summary>
public sealed class AlertApiMetrics
{
    private readonly Counter<long> _read;
    private readonly Counter<long> _unreadable;
    private readonly Counter<long> _pushed;
    private readonly UpDownCounter<int> _subscribers;

    public AlertApiMetrics(IMeterFactory meters, SignalHistory history)
    {
        var meter = meters.Create("Kappa.Iot.AlertApi");
        _read = meter.CreateCounter<long>("kappa.alert_api.records_read", "{record}", "Records read from the log, by topic");
        _unreadable = meter.CreateCounter<long>("kappa.alert_api.records_unreadable", "{record}", "Records that were not what their topic carries, by topic");
        _pushed = meter.CreateCounter<long>("kappa.alert_api.pushed", "{item}", "Items pushed to subscribers, by kind (alert, vehicle)");
        _subscribers = meter.CreateUpDownCounter<int>("kappa.alert_api.subscribers", "{subscriber}", "Streams that are open, by kind (fleet, vehicle)");
        meter.CreateObservableGauge("kappa.alert_api.history_size", () => history.Size, "By", "Memory held by the signals and scores of the last minutes");
    }

    internal void Read(string topic) => _read.Add(1, new KeyValuePair<string, object?>("topic", topic));

    internal void Unreadable(string topic) => _unreadable.Add(1, new KeyValuePair<string, object?>("topic", topic));

    internal void Pushed(string kind, int count)
    {
        if (count > 0) _pushed.Add(count, new KeyValuePair<string, object?>("kind", kind));
    }

    internal void Subscribed(string kind, int change) => _subscribers.Add(change, new KeyValuePair<string, object?>("kind", kind));
}
