using System.CommandLine;

namespace Kappa.Iot.Benchmarks.Log;

internal static class LogCommand
{
    public static Command Create()
    {
        var records = BenchmarkOptions.Whole("--records", "Records of 1 kB that a round produces, and a third of those that are read; of 100 B five times as many.", 100_000, least: 1_000);
        var rounds = BenchmarkOptions.Whole("--rounds", "Rounds for every server; the median counts.", 3);
        var command = new Command(
            "log",
            $"""
            embedded-kafka beside Apache Kafka, kfake and tansu, where they are found under $PEERS (default ../shared/peers). Every server has a
            process of its own and runs alone, in turn, and the rounds alternate; the client is the same. For reading all servers are up, hold the same
            records in the same batches, and are read from one at a time, in turns of some seconds. So are this server and Apache Kafka by Apache Kafka's
            own load tools, where they are in $PEERS/kafka. The fields:

            {LogFigures.Describe()}
            """) { records, rounds, BenchmarkOptions.Json };
        command.SetAction((parsed, cancel) =>
            LogBenchmark.RunAsync(new LogPlan(parsed.GetValue(records), parsed.GetValue(rounds)), parsed.GetValue(BenchmarkOptions.Json), cancel));
        return command;
    }
}
