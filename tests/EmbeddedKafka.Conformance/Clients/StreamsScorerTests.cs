using System.Diagnostics;
using System.Text.Json;
using Confluent.Kafka;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance.Clients;

/// <summary>A Kafka Streams application with a state store, exactly_once_v2.</summary>
public sealed class StreamsScorerTests(Servers servers)
{
    private const int Records = 20_000;
    private const int Partitions = 2;

    [Fact]
    public async Task Every_record_is_scored_exactly_once_even_when_the_application_is_killed()
    {
        var scorer = Tool.OfPeers("kafka-streams-scorer", "scorer");
        var kafka = await servers.ConnectAsync(Servers.Ours);
        var (input, calm, killed) = (NewName("telemetry"), NewName("scores"), NewName("scores"));
        var state = Directory.CreateTempSubdirectory("scorer-");
        try
        {
            string[] common = ["--bootstrap", kafka.BootstrapServers, "--input", input];
            await scorer.RunAsync(["load", .. common, "--records", $"{Records}", "--vehicles", "500", "--partitions", $"{Partitions}"]);
            string[] exactlyOnce = [.. common, "--guarantee", "exactly_once_v2"];
            var measured = (await scorer.RunAsync(["measure", .. exactlyOnce, "--output", calm, "--records", $"{Records}", "--verify", "true"])).Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
            Assert.Equal(Records, JsonDocument.Parse(measured).RootElement.GetProperty("scores_read_committed").GetInt32());

            // Kafka Streams waits for the dead member's session to end: let that be soon.
            var properties = Path.Combine(state.FullName, "streams.properties");
            await File.WriteAllTextAsync(properties, "main.consumer.session.timeout.ms=6000\nmain.consumer.heartbeat.interval.ms=1000\nmain.consumer.max.poll.records=200\n", Cancel);
            string[] run =
            [
                "run", .. exactlyOnce, "--output", killed, "--app-id", NewName("scorer"), "--state-dir", Path.Combine(state.FullName, "state"), "--streams-properties", properties,
            ];
            var before = await RunUntilAsync(scorer, run, kafka, killed, committed => committed > 500);
            Assert.InRange(before, 500, Records - 1);
            await RunUntilAsync(scorer, run, kafka, killed, committed => committed >= Records);

            // The same scores as of the run that nobody killed: nothing lost, nothing twice, and the state was put back right.
            Assert.Equal(Scores(kafka, calm).Order(StringComparer.Ordinal), Scores(kafka, killed).Order(StringComparer.Ordinal));
        }
        finally
        {
            state.Delete(recursive: true);
        }
    }

    /// <summary>Starts the application and kills it without warning once enough is committed.</summary>
    /// <returns>How many scores were committed then.</returns>
    private static async Task<int> RunUntilAsync(Tool scorer, string[] arguments, KafkaClients kafka, string output, Predicate<int> enough)
    {
        using var process = scorer.Start(arguments);
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        var errors = process.StandardError.ReadToEndAsync(Cancel);
        using var admin = kafka.Admin();
        var waited = Stopwatch.StartNew();
        var committed = 0;
        try
        {
            await EventuallyAsync(() => process.HasExited || admin.GetMetadata(Patience).Topics.Any(t => t.Topic == output), "the output topic is there");
            using var consumer = kafka.Consumer(change: c => c.EnablePartitionEof = false);
            consumer.Assign(Enumerable.Range(0, Partitions).Select(i => new TopicPartitionOffset(output, i, Offset.Beginning)));
            while (!process.HasExited && !enough(committed))
            {
                Assert.True(waited.Elapsed < Tool.Patience, $"only {committed} scores were committed in {Tool.Patience}");
                if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is not null)
                    committed++;
            }

            if (process.HasExited)
                Assert.Fail($"the scorer ended by itself with {process.ExitCode}: {await errors}");
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }

        return committed;
    }

    private static IEnumerable<string> Scores(KafkaClients kafka, string topic) =>
        Enumerable.Range(0, Partitions).SelectMany(i => kafka.ReadAll(topic, i)).Select(r => Text(r.Message.Value));
}
