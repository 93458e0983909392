using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Kappa.Iot.Pipeline.Tests;

/// <summary>What the README tells people to type, typed.</summary>
public sealed partial class ReadmeTests
{
    [Fact]
    public async Task A_message_sent_by_hand_with_mosquitto_pub_is_read_from_the_log_with_kcat()
    {
        Assert.SkipUnless(IsInstalled("mosquitto_pub") && IsInstalled("kcat"), "mosquitto_pub or kcat is not installed.");
        await using var demo = RunningDemo.Start("--vehicles", "10", "--history", "10m", "--faults", "off", "--duration", "30s");
        var addresses = await demo.WaitForAsync(@"vehicles at 127\.0\.0\.1:(\d+), log at 127\.0\.0\.1:(\d+)");

        var commands = HandMade().Match(await File.ReadAllTextAsync(Path.Combine(RunningDemo.Repository, "README.md"), TestContext.Current.CancellationToken));
        Assert.True(commands.Success, "The README has no shell block with mosquitto_pub in it any more.");
        var script = commands.Value.Replace("-p 1883", $"-p {addresses.Groups[1].Value}").Replace("127.0.0.1:9092", $"127.0.0.1:{addresses.Groups[2].Value}");
        var output = await ShellAsync(script);

        Assert.Matches(@"^WVWZZZ1KZAW000001 \d+ \d+ \d+ bytes\n$", output);
        DemoTests.AssertBalanced(await demo.Summary, demo); // a stranger's car does not disturb the fleet's figures
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    private static async Task<string> ShellAsync(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = shell.StandardError.ReadToEndAsync();
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, $"exit code {shell.ExitCode} of\n{script}\n{output}\n{await errors}");
        return output;
    }

    [GeneratedRegex(@"(?<=```sh\n)mosquitto_pub.*?(?=```)", RegexOptions.Singleline)]
    private static partial Regex HandMade();
}
