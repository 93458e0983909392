using System.Text.Json;
using Kappa.Iot.Embedded;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>Records a second through one client, acks=all, 1 kB a record, one partition.</summary>
internal static class LogBenchmark
{
    public static async Task<int> RunAsync(int records, bool json, CancellationToken cancel)
    {
        var results = new SortedDictionary<string, LogFigures>();
        await using (var ours = await EmbeddedKafka.StartAsync(cancel))
            results["embedded-kafka"] = await LogLoad.MeasureAsync(ours.BootstrapServers, records, cancel);

        await using (var apache = await ApacheKafka.TryStartAsync(cancel))
        {
            if (apache is null) Console.Error.WriteLine("Apache Kafka is not there: set PEERS to a folder with kafka/start-kafka in it.");
            else results["apache-kafka"] = await LogLoad.MeasureAsync(apache.Address, records, cancel);
        }

        foreach (var (name, figures) in results)
            Console.WriteLine($"{name,-16} produced {figures.ProducedPerSecond,9:0}/s  consumed {figures.ConsumedPerSecond,9:0}/s");
        if (json) Console.WriteLine(ToJson(results));
        return 0;
    }

    private static string ToJson(SortedDictionary<string, LogFigures> results)
    {
        var (ours, peer) = (results["embedded-kafka"], results.GetValueOrDefault("apache-kafka"));
        return JsonSerializer.Serialize(new
        {
            ours = new { produced_per_second = ours.ProducedPerSecond, consumed_per_second = ours.ConsumedPerSecond },
            peers = peer is null ? null : new { apache_kafka = new { produced_per_second = peer.ProducedPerSecond, consumed_per_second = peer.ConsumedPerSecond } },
            ratio = peer is null ? null : new
            {
                produced_vs_apache_kafka = ours.ProducedPerSecond / peer.ProducedPerSecond,
                consumed_vs_apache_kafka = ours.ConsumedPerSecond / peer.ConsumedPerSecond,
            },
        });
    }
}
