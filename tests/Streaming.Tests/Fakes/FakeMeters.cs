using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Kappa.Iot.Streaming.Tests.Fakes;

/// <summary>The metrics of one scenario, and what they say.</summary>
internal sealed class FakeMeters : IMeterFactory
{
    private readonly Dictionary<string, IDisposable> _collectors = [];
    private readonly List<Meter> _meters = [];

    public FakeMeters(TimeProvider time)
    {
        Metrics = new StreamingMetrics(this, time);
        foreach (var name in (string[])["records", "rebalances", "retries", "dead-letters", "lag.records"]) _collectors[name] = Collect<long>(name);
        foreach (var name in (string[])["commit.duration", "lag.time"]) _collectors[name] = Collect<double>(name);
        _collectors["batch.size"] = Collect<int>("batch.size");
    }

    public StreamingMetrics Metrics { get; }

    /// <summary>Records behind by partition, as somebody sees it who looks now.</summary>
    public Dictionary<int, long> LagRecords => Look<long>("lag.records");

    /// <summary>Seconds behind by partition, as somebody sees it who looks now.</summary>
    public Dictionary<int, double> LagSeconds => Look<double>("lag.time");

    public Meter Create(MeterOptions options)
    {
        var meter = new Meter(options.Name, options.Version, options.Tags, scope: this);
        _meters.Add(meter);
        return meter;
    }

    /// <summary>Everything an instrument was told so far.</summary>
    public IReadOnlyList<CollectedMeasurement<T>> Of<T>(string name) where T : struct => ((MetricCollector<T>)_collectors[name]).GetMeasurementSnapshot();

    /// <summary>What an instrument says of each partition now, with its tags.</summary>
    public IReadOnlyList<CollectedMeasurement<T>> Now<T>(string name) where T : struct
    {
        var collector = (MetricCollector<T>)_collectors[name];
        collector.Clear();
        collector.RecordObservableInstruments();
        return collector.GetMeasurementSnapshot();
    }

    public void Dispose()
    {
        foreach (var collector in _collectors.Values) collector.Dispose();
        foreach (var meter in _meters) meter.Dispose();
    }

    private Dictionary<int, T> Look<T>(string name) where T : struct => Now<T>(name).ToDictionary(measured => (int)measured.Tags["partition"]!, measured => measured.Value);

    private MetricCollector<T> Collect<T>(string name) where T : struct => new(this, StreamingMetrics.MeterName, $"kappa.streaming.{name}");
}
