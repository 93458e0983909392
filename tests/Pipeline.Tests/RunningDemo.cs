using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kappa.Iot.Peers;

namespace Kappa.Iot.Pipeline.Tests;

/// <summary>The demo as a user runs it, in a folder of its own.</summary>
internal sealed partial class RunningDemo : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    private readonly ConcurrentQueue<string> _output = new();
    private readonly Process _process;
    private bool _keep;

    private RunningDemo(string folder, string[] arguments)
    {
        Folder = folder;
        // A session of its own, as a terminal gives it, so that a signal can be sent to all its processes at once; and no signal is ignored,
        // as it would be in what a script runs in the background.
        var start = new ProcessStartInfo("setsid") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in (string[])["env", "--default-signal", "dotnet", Metadata("Demo"), "--data", folder, "--port", $"{FreePort.Take()}", .. arguments]) start.ArgumentList.Add(argument);
        _process = Process.Start(start)!;
        _process.ErrorDataReceived += (_, e) => Keep(e.Data);
        _process.BeginErrorReadLine();
        Summary = ReadSummaryAsync();
        _keep = Environment.GetEnvironmentVariable("KEEP_DEMO_FOLDERS") is not null;
    }

    /// <summary>Everything the demo keeps.</summary>
    public string Folder { get; }

    /// <summary>The last line of its standard output.</summary>
    public Task<JsonElement> Summary { get; }

    /// <summary>What it said to people so far.</summary>
    public string Output => string.Join('\n', _output);

    public static RunningDemo Start(params string[] arguments) => StartIn(Directory.CreateTempSubdirectory("kappa-demo-").FullName, arguments);

    public static RunningDemo StartIn(string folder, params string[] arguments) => new(folder, arguments);

    /// <summary>Repository this test was built from.</summary>
    public static string Repository => Path.GetFullPath(Metadata("Repository"));

    /// <summary>Waits until the demo says something.</summary>
    public async Task<Match> WaitForAsync(string pattern)
    {
        var until = DateTime.UtcNow + Patience;
        while (DateTime.UtcNow < until)
        {
            if (Regex.Match(Output, pattern) is { Success: true } match) return match;
            if (_process.HasExited) break;
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        Assert.Fail($"The demo never said /{pattern}/. It said:\n{Output}\n{LogsForPeople()}");
        throw new UnreachableException();
    }

    public async Task<Uri> DashboardAsync() => new((await WaitForAsync(@"dashboard at (http://\S+?/)[,\s]")).Groups[1].Value);

    /// <summary>Process ids by service.</summary>
    public Dictionary<string, int> Processes() =>
        JsonSerializer.Deserialize<Dictionary<string, int>>(File.ReadAllText(Path.Combine(Folder, "processes.json")))!;

    /// <summary>What Ctrl-C at a terminal does: every process of the demo gets the signal.</summary>
    public async Task InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", "--", $"-{_process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, kill.ExitCode);
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> ExitCodeAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    /// <summary>kill -9, then waits until the demo has started it anew.</summary>
    public async Task KillAsync(string service)
    {
        var victim = Processes()[service];
        using (var process = Process.GetProcessById(victim)) process.Kill();
        var until = DateTime.UtcNow + Patience;
        while (Processes()[service] == victim)
        {
            Assert.True(DateTime.UtcNow < until, $"{service} was not started again.\n{Output}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The folder belongs to another demo, which deletes it.</summary>
    public void LeaveFolder() => _keep = true;

    /// <summary>The last lines of every service's log, for a failing test.</summary>
    public string LogsForPeople() => string.Join('\n', Directory.Exists(Path.Combine(Folder, "logs"))
        ? Directory.GetFiles(Path.Combine(Folder, "logs")).Select(f => $"--- {Path.GetFileName(f)}\n{string.Join('\n', File.ReadLines(f).TakeLast(25))}")
        : []);

    public async ValueTask DisposeAsync()
    {
        // A demo whose children see their standard input end leaves nothing behind.
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        if (_keep) return;
        for (var attempt = 0; attempt < 50; attempt++)
        {
            try
            {
                Directory.Delete(Folder, recursive: true);
                return;
            }
            catch (IOException)
            {
                await Task.Delay(200); // a service is still writing its last line
            }
        }
    }

    private async Task<JsonElement> ReadSummaryAsync()
    {
        var lines = (await _process.StandardOutput.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await _process.WaitForExitAsync();
        Assert.True(lines.Length > 0, $"The demo ended with {_process.ExitCode} and printed no summary. It said:\n{Output}\n{LogsForPeople()}");
        return JsonDocument.Parse(lines[^1]).RootElement;
    }

    private void Keep(string? line)
    {
        if (line is not null) _output.Enqueue(line);
    }

    private static string Metadata(string key) =>
        typeof(RunningDemo).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == key).Value!;
}
