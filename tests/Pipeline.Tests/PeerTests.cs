using Kappa.Iot.Peers;

namespace Kappa.Iot.Pipeline.Tests;

/// <summary>The same services, unchanged, on a log and a twin store that nobody here wrote.</summary>
public sealed class PeerTests
{
    [Theory]
    [InlineData("mongo-java-server", "MONGO_PORT")]
    [InlineData("ferretdb", "FERRETDB_PORT")]
    public async Task On_Apache_Kafka_and_a_MongoDB_protocol_server_the_demo_ends_the_same_way(string twinStore, string portVariable)
    {
        Assert.SkipUnless(ApacheKafka.IsHere, "PEERS names no folder with kafka.");
        await using var kafka = new ApacheKafka();
        await kafka.StartAsync();
        await using var mongo = await PeerServer.StartAsync(twinStore, portVariable, "mongodb://");
        Assert.SkipWhen(mongo is null, $"PEERS names no folder with {twinStore}.");
        await using var demo = RunningDemo.Start("--vehicles", "24", "--history", "12m", "--fault-every", "8s", "--duration", "60s",
            "--kafka", kafka.BootstrapServers, "--twins", $"mongodb://127.0.0.1:{mongo.Port}/kappa");

        var summary = await demo.Summary;

        DemoTests.AssertBalanced(summary, demo);
        Assert.True(summary.GetProperty("faults_detected").GetInt64() > 0, $"No fault was found: {summary}\n{demo.LogsForPeople()}");
    }
}
