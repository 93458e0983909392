namespace Kappa.Iot.Pipeline.Tests;

/// <summary>A demo that is interrupted, and one that goes on where another was.</summary>
public sealed class StopTests
{
    private static readonly string[] Small = ["--vehicles", "24", "--history", "12m", "--fault-every", "8s"];

    [Fact]
    public async Task Ctrl_C_drains_in_order_and_the_next_demo_goes_on_with_the_same_fleet()
    {
        await using var first = RunningDemo.Start(Small);
        await first.WaitForAsync("live; Ctrl-C");
        await first.InterruptAsync();

        Assert.Equal(0, await first.ExitCodeAsync());
        var summary = await first.Summary;
        DemoTests.AssertBalanced(summary, first);
        Assert.Equal(0, summary.GetProperty("restarts").GetInt64());

        await using (var other = RunningDemo.StartIn(first.Folder, "--vehicles", "30", "--history", "12m", "--duration", "5s"))
        {
            Assert.Equal(1, await other.ExitCodeAsync());
            Assert.Contains("holds a fleet of 24 vehicles", other.Output, StringComparison.Ordinal);
            other.LeaveFolder();
        }

        await using var second = RunningDemo.StartIn(first.Folder, [.. Small, "--duration", "10s"]);
        var more = await second.Summary;
        DemoTests.AssertBalanced(more, second);
        Assert.True(more.GetProperty("published").GetInt64() > summary.GetProperty("published").GetInt64(), $"{summary}\n{more}");
        second.LeaveFolder();
    }

    [Fact]
    public async Task A_process_that_cannot_come_up_ends_the_demo_and_its_reason_is_shown()
    {
        var folder = Directory.CreateTempSubdirectory("kappa-demo-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "fleet"));
        await File.WriteAllTextAsync(Path.Combine(folder, "fleet", "fleet.json"), "no json", TestContext.Current.CancellationToken);
        await using var demo = RunningDemo.StartIn(folder, [.. Small, "--duration", "10s"]);

        Assert.Equal(1, await demo.ExitCodeAsync());
        Assert.Contains("simulator ends again and again", demo.Output, StringComparison.Ordinal);
        Assert.Contains("fleet.json cannot be read", demo.Output, StringComparison.Ordinal);
    }
}
