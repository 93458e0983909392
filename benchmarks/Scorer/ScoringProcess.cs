using System.Diagnostics;

namespace Kappa.Iot.Benchmarks.Scorer;

/// <summary>A scorer, ours or the peer's, as a process of its own.</summary>
internal sealed class ScoringProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Queue<string> _lines = new();
    private TimeSpan _last;

    private ScoringProcess(Process process) => _process = process;

    public bool IsRunning => !_process.HasExited;

    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            try
            {
                return _last = _process.TotalProcessorTime;
            }
            catch (InvalidOperationException)
            {
                return _last; // it has just ended
            }
        }
    }

    /// <summary>Resident memory, bytes.</summary>
    public long Memory
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Our scorer.</summary>
    public static ScoringProcess StartOurs(IEnumerable<string> arguments, IEnumerable<(string Name, string Value)> environment) =>
        Start(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [typeof(ScoringService.ScoringOptions).Assembly.Location, .. arguments], environment);

    public static ScoringProcess Start(string program, IEnumerable<string> arguments, IEnumerable<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = AppContext.BaseDirectory };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var scorer = new ScoringProcess(Process.Start(start)!);
        scorer._process.ErrorDataReceived += (_, line) => scorer.Keep(line.Data);
        scorer._process.OutputDataReceived += (_, line) => scorer.Keep(line.Data);
        scorer._process.BeginErrorReadLine();
        scorer._process.BeginOutputReadLine();
        return scorer;
    }

    /// <summary>Why it does not work any more; null while it does.</summary>
    public string? Trouble() => !_process.HasExited ? null : $"{_process.StartInfo.FileName} ended with {_process.ExitCode}. Its last lines:{Environment.NewLine}{Tail()}";

    /// <summary>Its last line that contains a text.</summary>
    public string? Find(string text)
    {
        lock (_lines) return _lines.LastOrDefault(line => line.Contains(text, StringComparison.Ordinal));
    }

    /// <summary>Its last lines that contain a text.</summary>
    public IReadOnlyList<string> FindAll(string text)
    {
        lock (_lines) return [.. _lines.Where(line => line.Contains(text, StringComparison.Ordinal))];
    }

    /// <summary>Waits until it ends by itself.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public async Task EndAsync(CancellationToken cancel)
    {
        await _process.WaitForExitAsync(cancel);
        if (_process.ExitCode != 0) throw new InvalidOperationException(Trouble());
    }

    /// <summary>Asks it to stop, and waits until it has.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync(cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private string Tail()
    {
        lock (_lines) return string.Join(Environment.NewLine, _lines.TakeLast(20));
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > 2_000) _lines.Dequeue();
        }
    }
}
