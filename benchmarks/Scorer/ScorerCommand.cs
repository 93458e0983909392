using System.CommandLine;
using Kappa.Iot.Benchmarks.Log;

namespace Kappa.Iot.Benchmarks.Scorer;

internal static class ScorerCommand
{
    public static Command Create()
    {
        var vehicles = BenchmarkOptions.Whole("--vehicles", "Vehicles that are scored, each with its state.", 100_000);
        var batches = BenchmarkOptions.Whole("--batches", $"Batches of 10 samples of each vehicle that are measured, after {ScorerPlan.WarmBatches} that only warm the windows.", 4);
        var rate = BenchmarkOptions.Whole("--rate", "Batches a second that come while the scorer is restarted; 0 leaves the restart out.", 10_000, least: 0);
        var peerRecords = BenchmarkOptions.Whole("--peer-records", "Samples that Kafka Streams scores; 0 leaves it out.", 1_000_000, least: 0);
        var onKafka = new Option<bool>("--on-apache-kafka") { Description = "Both work on Apache Kafka ($PEERS/kafka) instead of embedded-kafka." };
        var command = new Command(
            "scorer",
            "The scoring service with the full detector, exactly once on a log of 24 partitions, beside a Kafka Streams scorer (exactly_once_v2, RocksDB; a moving average and a small autoencoder) on the same log.")
        {
            vehicles, batches, rate, peerRecords, onKafka, BenchmarkOptions.Json,
        };
        command.SetAction((parsed, cancel) =>
        {
            var plan = new ScorerPlan(parsed.GetValue(vehicles), parsed.GetValue(batches), parsed.GetValue(rate), parsed.GetValue(peerRecords));
            var server = parsed.GetValue(onKafka) ? ServerKind.Peers().FirstOrDefault(peer => peer.Name == "apache-kafka") : ServerKind.Ours;
            if (server is not null) return ScorerBenchmark.RunAsync(plan, server, parsed.GetValue(BenchmarkOptions.Json), cancel);
            Console.Error.WriteLine("Apache Kafka is not there: set PEERS to a folder with kafka/start-kafka in it.");
            return Task.FromResult(1);
        });
        return command;
    }
}
