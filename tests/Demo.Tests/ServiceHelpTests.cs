using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace Kappa.Iot.Demo.Tests;

/// <summary>What a newcomer meets first at each service's command line.</summary>
public sealed class ServiceHelpTests
{
    public static TheoryData<string> Services => ["ingest-gateway", "scoring-service", "digital-twin-sink", "alert-api"];

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
        Assert.Contains("--Shutdown:Timeout 00:00:25\n      How long", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Wrong_settings_are_named_and_nothing_starts(string service)
    {
        var (exit, output, error) = await RunAsync(service, "--Kafka:Partitions=0", "--Shutdown:Timeout=30");
        Assert.Equal(2, exit);
        Assert.Empty(output);
        Assert.Contains("Kafka:Partitions is '0'. ", error, StringComparison.Ordinal);
        Assert.Contains("Shutdown:Timeout is 30.00:00:00: give a time", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--Shutdown:Timeout=abc", "'Shutdown:Timeout'")]
    [InlineData("--Scoring:MaxBatch=0", "Scoring:MaxBatch is '0'. The field MaxBatch must be between 1 and 1000000.")]
    [InlineData("--Kafka:BootstrapServers=nohost", "Kafka:BootstrapServers has 'nohost': give host:port")]
    [InlineData("--Kafka:BootstrapServers=one:9092, two", "Kafka:BootstrapServers has 'two': give host:port")]
    public async Task A_wrong_setting_is_named_with_its_section(string setting, string says)
    {
        var (exit, _, error) = await RunAsync("scoring-service", setting);
        Assert.Equal(2, exit);
        Assert.Contains(says, error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task A_misspelt_setting_is_named_with_the_one_that_was_meant(string service)
    {
        var (exit, _, error) = await RunAsync(service, "--Kafka:BootstrapServer=127.0.0.1:9092", "--bogus", "1", "stray", "--Urls");
        Assert.Equal(2, exit);
        Assert.Equal(
        [
            "These settings are wrong (see --help):",
            "  --Kafka:BootstrapServer is no setting of this service: did you mean --Kafka:BootstrapServers?",
            "  --bogus is no setting of this service.",
            "  'stray' is no setting: write --Name value.",
            "  --Urls has no value.",
        ], error.TrimEnd().Split(Environment.NewLine));
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task An_address_that_is_none_is_said_in_one_line(string service)
    {
        var (exit, output, error) = await RunAsync(service, [.. Harmless(service), "--Urls=foo"]);
        Assert.Equal(2, exit);
        Assert.Contains("'foo'", Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        AssertNoFailureIn(output);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task A_port_in_use_is_said_in_one_line(string service)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = $"http://{taken.LocalEndpoint}";

        var (exit, output, error) = await RunAsync(service, [.. Harmless(service), $"--Urls={address}"]);

        Assert.Equal(1, exit);
        Assert.Contains(address, Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        AssertNoFailureIn(output);
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Settings_of_the_folder_that_it_is_started_in_are_not_read(string service)
    {
        var folder = Directory.CreateTempSubdirectory("settings-");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "appsettings.json"), """{ "Kafka": { "Partitions": "nonsense" } }""", TestContext.Current.CancellationToken);

        var (exit, _, error) = await RunInAsync(folder.FullName, service, "--help");

        folder.Delete(recursive: true);
        Assert.Equal((0, ""), (exit, error));
    }

    /// <summary>Settings with which a service touches nothing of anybody's.</summary>
    private static string[] Harmless(string service) =>
    [
        "--Kafka:BootstrapServers=127.0.0.1:1",
        .. service == "ingest-gateway" ? ["--Mqtt:Port=0"] : Array.Empty<string>(),
        .. service is "digital-twin-sink" or "alert-api" ? ["--Twins:ConnectionString=mongodb://127.0.0.1:1/none?serverSelectionTimeoutMS=200"] : Array.Empty<string>(),
    ];

    private static void AssertNoFailureIn(string output) =>
        Assert.DoesNotContain(output.Split('\n'), line => line.Contains("fail:", StringComparison.Ordinal) || line.Contains("crit:", StringComparison.Ordinal));

    private static Task<(int Exit, string Output, string Error)> RunAsync(string service, params string[] arguments) =>
        RunInAsync(Environment.CurrentDirectory, service, arguments);

    private static async Task<(int Exit, string Output, string Error)> RunInAsync(string folder, string service, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
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
