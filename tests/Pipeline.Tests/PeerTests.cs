namespace Kappa.Iot.Pipeline.Tests;

/// <summary>The same services, unchanged, on a log and a twin store that nobody here wrote.</summary>
public sealed class PeerTests
{
    [Fact]
    public Task On_Apache_Kafka_and_a_MongoDB_protocol_server_the_demo_ends_the_same_way() =>
        EndsTheSameWayAsync("mongo-java-server/start-mongo-java-server", "MONGO_PORT");

    [Fact]
    public Task On_Apache_Kafka_and_FerretDB_the_demo_ends_the_same_way() =>
        EndsTheSameWayAsync("ferretdb/start-ferretdb", "FERRETDB_PORT");

    private static async Task EndsTheSameWayAsync(string twinStore, string portVariable)
    {
        var (kafkaPort, controllerPort, mongoPort) = (Peer.FreePort(), Peer.FreePort(), Peer.FreePort());
        var data = Directory.CreateTempSubdirectory("kappa-peer-kafka-");
        try
        {
            await using var kafka = await Peer.StartAsync("kafka/start-kafka", "Kafka Server started",
                ("KAFKA_PORT", $"{kafkaPort}"), ("KAFKA_CONTROLLER_PORT", $"{controllerPort}"), ("KAFKA_DATA", data.FullName));
            await using var mongo = await Peer.StartAsync(twinStore, "mongodb://", (portVariable, $"{mongoPort}"));
            await using var demo = RunningDemo.Start("--vehicles", "24", "--history", "12m", "--fault-every", "8s", "--duration", "60s",
                "--kafka", $"127.0.0.1:{kafkaPort}", "--twins", $"mongodb://127.0.0.1:{mongoPort}/kappa");

            var summary = await demo.Summary;

            DemoTests.AssertBalanced(summary, demo);
            Assert.True(summary.GetProperty("faults_detected").GetInt64() > 0, $"No fault was found: {summary}\n{demo.LogsForPeople()}");
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }
}
