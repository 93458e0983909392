using System.Diagnostics;
using System.Text;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>The scoring service as people run it: a process that can be stopped and killed.</summary>
internal sealed class ScorerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ScorerProcess(Process process) => _process = process;

    public string Output
    {
        get { lock (_output) return _output.ToString(); }
    }

    /// <summary>The last lines of it, for a message.</summary>
    public string Tail => string.Join('\n', Output.Split('\n').TakeLast(40).Select(line => line.Length > 400 ? line[..400] : line));

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>The service.</summary>
    public static ScorerProcess Start(IEnumerable<string> settings) => Start(["--urls=http://127.0.0.1:0", .. settings], []);

    /// <summary>The service, or with a verb first a command.</summary>
    public static ScorerProcess Start(IEnumerable<string> arguments, Dictionary<string, string> environment)
    {
        var info = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        info.Environment["KAPPA_STOP_ON_STDIN_CLOSE"] = "true";
        info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Kappa.Iot.ScoringService.dll"));
        foreach (var (name, value) in environment) info.Environment[name] = value;
        foreach (var argument in arguments) info.ArgumentList.Add(argument);

        var scorer = new ScorerProcess(new Process { StartInfo = info });
        scorer._process.OutputDataReceived += (_, line) => scorer.Add(line.Data);
        scorer._process.ErrorDataReceived += (_, line) => scorer.Add(line.Data);
        scorer._process.Start();
        scorer._process.BeginOutputReadLine();
        scorer._process.BeginErrorReadLine();
        return scorer;
    }

    /// <summary>Waits until it ends by itself, as a command does.</summary>
    /// <returns>What it wrote.</returns>
    public async Task<string> WaitAsync(int exitCode = 0)
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(5));
        _process.WaitForExit(); // until its output is read to the end
        Assert.True(ExitCode == exitCode, $"It ended with {ExitCode}, not {exitCode}.\n{Tail}");
        return Output;
    }

    /// <summary>As <c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to stop, once it has started, and waits until it has drained.</summary>
    public async Task StopAsync()
    {
        for (var i = 0; i < 600 && !Output.Contains("Now listening on", StringComparison.Ordinal) && !HasExited; i++) await Task.Delay(100);
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is not null) lock (_output) _output.AppendLine(line);
    }
}
