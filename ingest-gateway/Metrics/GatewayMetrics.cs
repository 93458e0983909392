using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Kappa.Iot.IngestGateway;

/// <summary>What the gateway counts.</summary>
internal sealed class GatewayMetrics
{
    public const string MeterName = "Kappa.Iot.IngestGateway";

    private readonly UpDownCounter<long> _connections;
    private readonly Counter<long> _refusedConnections;
    private readonly Counter<long> _publishes;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _commands;
    private readonly Histogram<double> _timeToStore;

    public GatewayMetrics(IMeterFactory meters, InFlightGate inFlight)
    {
        var meter = meters.Create(MeterName);
        _connections = meter.CreateUpDownCounter<long>("kappa.gateway.connections", "{connection}", "Vehicles' sessions that are open.");
        _refusedConnections = meter.CreateCounter<long>("kappa.gateway.connections.refused", "{connection}", "Connections closed before or instead of a session, by reason.");
        _publishes = meter.CreateCounter<long>("kappa.gateway.publishes", "{message}", "Publishes that are settled, by outcome.");
        _bytes = meter.CreateCounter<long>("kappa.gateway.publishes.size", "By", "Payload bytes received.");
        _deadLetters = meter.CreateCounter<long>("kappa.gateway.dead_letters", "{message}", "Messages refused, by reason.");
        _commands = meter.CreateCounter<long>("kappa.gateway.commands", "{command}", "Commands read off the log, by outcome (sent: to whichever clients of the vehicle are here and subscribed).");
        _timeToStore = meter.CreateHistogram("kappa.gateway.publish.duration", "s", "From a publish being read to the log having it.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] });
        meter.CreateObservableUpDownCounter("kappa.gateway.publishes.in_flight", () => inFlight.Count, "{message}", "Publishes on their way to the log.");
        meter.CreateObservableUpDownCounter("kappa.gateway.publishes.in_flight.size", () => inFlight.Bytes, "By", "Payload bytes on their way to the log.");
    }

    public void Connected() => _connections.Add(1);

    public void Disconnected() => _connections.Add(-1);

    /// <param name="reason">A word of a small, fixed set.</param>
    public void ConnectionRefused(string reason) => _refusedConnections.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Received(int bytes) => _bytes.Add(bytes);

    public void DeadLettered(RejectReason reason) => _deadLetters.Add(1, new KeyValuePair<string, object?>("reason", Name(reason)));

    /// <param name="outcome">A word of a small, fixed set.</param>
    public void Command(string outcome) => _commands.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public void Settled(PublishResult result, TimeSpan took)
    {
        _publishes.Add(1, new KeyValuePair<string, object?>("outcome", Name(result)));
        if (result is PublishResult.Stored or PublishResult.DeadLettered) _timeToStore.Record(took.TotalSeconds);
    }

    private static string Name(RejectReason reason) => Enum.GetName(reason) ?? throw new UnreachableException();

    private static string Name(PublishResult result) => Enum.GetName(result) ?? throw new UnreachableException();
}
