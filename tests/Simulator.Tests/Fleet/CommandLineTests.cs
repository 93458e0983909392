using Kappa.Iot.Simulator.CommandLine;
using Kappa.Iot.Simulator.Faults;
using Kappa.Iot.Terminal;

namespace Kappa.Iot.Simulator.Tests.Fleet;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("250ms", 0.25)]
    [InlineData("90s", 90)]
    [InlineData("1.5m", 90)]
    [InlineData("2h", 7200)]
    [InlineData("1d", 86400)]
    [InlineData("00:01:30", 90)]
    public void Durations_are_read_as_people_write_them(string text, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Durations.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("5 parsecs")]
    public void A_wrong_duration_says_what_would_be_right(string text) =>
        Assert.Contains("90s", Assert.Throws<FormatException>(() => Durations.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Faults_take_every_setting()
    {
        var options = FaultOptions.Parse("every=5s,severity=0.8,repair=2m,kinds=tyre-leak+coolant-leak,firmware=2000,wait")!;
        Assert.Equal(TimeSpan.FromSeconds(5), options.Every);
        Assert.Equal(0.8, options.Severity);
        Assert.Equal(TimeSpan.FromMinutes(2), options.Repair);
        Assert.Equal([FaultKind.TyreLeak, FaultKind.CoolantLeak], options.Kinds);
        Assert.Equal(2000, options.Firmware);
        Assert.True(options.Wait);
        Assert.Null(FaultOptions.Parse("off"));
    }

    [Theory]
    [InlineData("every=0s")]
    [InlineData("severity=2")]
    [InlineData("kinds=flat-battery")]
    [InlineData("firmware=7")]
    [InlineData("sometimes")]
    public void Wrong_fault_settings_are_refused(string text) => Assert.Throws<FormatException>(() => FaultOptions.Parse(text));

    [Theory]
    [InlineData("fleet --vehicles 0")]
    [InlineData("fleet --mqtt 4")]
    [InlineData("fleet --broker :1883")]
    [InlineData("fleet --profiles steam")]
    [InlineData("fleet --sample-interval 3s --batch 10s")]
    [InlineData("fleet --city atlantis")]
    [InlineData("replay")]
    [InlineData("replay x.csv --as-of now --speed max")]
    [InlineData("drive")]
    public async Task Wrong_usage_ends_with_2(string arguments)
    {
        var run = await SimulatorProcess.RunAsync(arguments.Split(' '));
        Assert.Equal(2, run.ExitCode);
        Assert.NotEmpty(run.Error);
    }

    [Fact]
    public async Task An_unreachable_broker_is_named_and_ends_with_1()
    {
        var run = await SimulatorProcess.RunAsync("fleet", "--vehicles", "1", "--broker", "127.0.0.1:1", "--connect-timeout", "1s");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("127.0.0.1:1", run.Error, StringComparison.Ordinal);
        Assert.Contains("--broker", run.Error, StringComparison.Ordinal);
    }
}
