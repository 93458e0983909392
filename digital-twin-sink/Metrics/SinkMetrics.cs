using System.Diagnostics.Metrics;
using Kappa.Iot.Twins;

namespace Kappa.Iot.DigitalTwinSink;

/// <summary>What the sink does; meter <c>Kappa.Iot.DigitalTwinSink</c>. How far behind it is, is in <c>Kappa.Iot.Streaming</c>.</summary>
internal sealed class SinkMetrics
{
    private readonly Counter<long> _updates;
    private readonly Counter<long> _vehicles;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _rebuilds;
    private readonly Counter<long> _retries;
    private readonly Histogram<double> _writeDuration;

    public SinkMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Kappa.Iot.DigitalTwinSink");
        _updates = meter.CreateCounter<long>("kappa.twins.updates", "{record}", "Records taken into twins, by effect: applied, or stale because what they say was known.");
        _vehicles = meter.CreateCounter<long>("kappa.twins.writes", "{document}", "Documents written; one a vehicle and batch.");
        _deadLetters = meter.CreateCounter<long>("kappa.twins.dead_letters", "{record}", "Records put aside, by topic and reason.");
        _rebuilds = meter.CreateCounter<long>("kappa.twins.rebuilt.partitions", "{partition}", "Partitions read from their beginning, because the store had nothing of them.");
        _retries = meter.CreateCounter<long>("kappa.twins.store.retries", "{attempt}", "Attempts that the store did not answer or refused.");
        _writeDuration = meter.CreateHistogram<double>("kappa.twins.write.duration", "s", "Time to write a batch to the store.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [.001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10] });
    }

    public void Wrote(TwinWrite write, TimeSpan duration)
    {
        _updates.Add(write.Updates - write.Stale, new KeyValuePair<string, object?>("effect", "applied"));
        _updates.Add(write.Stale, new KeyValuePair<string, object?>("effect", "stale"));
        _vehicles.Add(write.Vehicles);
        _writeDuration.Record(duration.TotalSeconds);
    }

    public void DeadLettered(string topic, string reason) => _deadLetters.Add(1, new("topic", topic), new("reason", reason));

    public void Rebuilding(int partitions) => _rebuilds.Add(partitions);

    public void StoreRetried() => _retries.Add(1);
}
