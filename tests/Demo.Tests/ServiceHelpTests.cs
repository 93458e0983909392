using System.Diagnostics;
using System.Reflection;

namespace Kappa.Iot.Demo.Tests;

/// <summary>What a newcomer meets first at each service's command line.</summary>
public sealed class ServiceHelpTests
{
    [Theory]
    [InlineData("ingest-gateway", "--Mqtt:Port 1883")]
    [InlineData("scoring-service", "--Scoring:GroupId scoring-service")]
    [InlineData("digital-twin-sink", "--Sink:MaxBatch 2000")]
    [InlineData("alert-api", "--AlertApi:MaxVehicles 250000")]
    public async Task Help_names_every_setting_with_its_default_and_what_it_does(string service, string setting)
    {
        var (exit, output, error) = await RunAsync(service, "--help");
        Assert.Equal(0, exit);
        Assert.Empty(error);
        Assert.Contains(setting + "\n      ", output, StringComparison.Ordinal);
        Assert.Contains("--Kafka:BootstrapServers 127.0.0.1:9092\n      host:port", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ingest-gateway")]
    [InlineData("scoring-service")]
    [InlineData("digital-twin-sink")]
    [InlineData("alert-api")]
    public async Task A_wrong_setting_is_named_and_nothing_starts(string service)
    {
        var (exit, _, error) = await RunAsync(service, "--Kafka:Partitions=0");
        Assert.Equal(2, exit);
        Assert.Contains("Partitions", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(string service, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[BinaryOf(service), .. arguments]) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    /// <summary>The demo names its services' assemblies relative to its own folder.</summary>
    private static string BinaryOf(string service)
    {
        var relative = typeof(DemoOptions).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == $"Service:{service}").Value!;
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Kappa.Iot.sln"))) root = root.Parent!;
        return Path.GetFullPath(Path.Combine(root.FullName, "demo", relative));
    }
}
