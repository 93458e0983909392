using System.Text.Json;

namespace Kappa.Iot.Pipeline.Tests;

/// <summary>The whole product, as a newcomer starts it.</summary>
public sealed class DemoTests
{
    private static readonly string[] Small = ["--vehicles", "24", "--history", "12m", "--fault-every", "8s"];

    [Fact]
    [Trait("Invariant", "1")]
    [Trait("Invariant", "2")]
    public async Task A_demo_accounts_for_every_batch_and_finds_an_injected_fault()
    {
        await using var demo = RunningDemo.Start([.. Small, "--duration", "75s"]);

        var summary = await demo.Summary;

        AssertBalanced(summary, demo);
        Assert.Equal(24, summary.GetProperty("vehicles").GetInt64());
        Assert.True(summary.GetProperty("faults_detected").GetInt64() > 0, $"No fault was found: {summary}\n{demo.LogsForPeople()}");
        Assert.Equal(0, summary.GetProperty("dead_lettered").GetInt64());
    }

    [Fact]
    [Trait("Invariant", "1")]
    [Trait("Invariant", "2")]
    public async Task Any_process_may_be_killed_and_the_demo_still_accounts_for_every_batch()
    {
        await using var demo = RunningDemo.Start([.. Small, "--duration", "120s"]);
        await demo.WaitForAsync("live for");

        foreach (var service in new[] { "scoring-service", "ingest-gateway", "digital-twin-sink", "simulator", "embedded-kafka", "alert-api" })
        {
            await demo.KillAsync(service);
            await Task.Delay(TimeSpan.FromSeconds(8), TestContext.Current.CancellationToken);
        }

        var summary = await demo.Summary;
        AssertBalanced(summary, demo);
        Assert.Equal(6, summary.GetProperty("restarts").GetInt64());
    }

    internal static void AssertBalanced(JsonElement summary, RunningDemo demo)
    {
        var context = $"{summary}\n{demo.Output}\n{demo.LogsForPeople()}";
        long Get(string name) => summary.GetProperty(name).GetInt64();
        Assert.True(Get("published") > 0, context);
        Assert.True(Get("published") == Get("acknowledged"), context);
        Assert.True(Get("acknowledged") == Get("in_log"), context);
        Assert.True(Get("in_log") == Get("scored"), context);
        Assert.True(Get("duplicates") == 0, context);
        Assert.True(Get("twins") == Get("vehicles"), context);
    }
}
