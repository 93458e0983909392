using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Kappa.Iot.DigitalTwinSink.Tests;

/// <summary>The sink as users run it: a process of its own.</summary>
internal sealed partial class SinkProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    private SinkProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.Exited += (_, _) => _address.TrySetException(new InvalidOperationException($"The sink ended before it listened:\n{Output}"));
        _process.OutputDataReceived += (_, line) => Seen(line.Data);
        _process.ErrorDataReceived += (_, line) => Seen(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    public static SinkProcess Start(string kafka, string twins, string group, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "Kappa.Iot.DigitalTwinSink.dll"), "--urls", "http://127.0.0.1:0", "--Kafka:BootstrapServers", kafka,
            "--Twins:ConnectionString", twins, "--Sink:GroupId", group, "--Sink:StoreCheck", "00:00:00.5", "--KAPPA_STOP_ON_STDIN_CLOSE", "true", .. more,
        ];
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        return new SinkProcess(start);
    }

    public async Task<(HttpStatusCode Status, string Text)> GetAsync(string path)
    {
        var address = await _address.Task.WaitAsync(TimeSpan.FromSeconds(60));
        using var response = await _http.GetAsync(new Uri(address, path));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>A counter's sum over all its tags that contain a text.</summary>
    public async Task<double> MetricAsync(string name, string tag = "")
    {
        var (_, text) = await GetAsync("/metrics");
        return text.Split('\n').Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) && line.Contains(tag, StringComparison.Ordinal))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0]));
    }

    /// <summary>As <c>kill -9</c> does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>As <c>kill</c> does; where there are no signals, by closing its standard input.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        if (OperatingSystem.IsWindows()) _process.StandardInput.Close();
        else if (Kill(_process.Id, 15) != 0) throw new InvalidOperationException($"The sink could not be told to stop: {Marshal.GetLastPInvokeErrorMessage()}");
        return await ExitAsync();
    }

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(90));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) await KillAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(Output);
        _process.Dispose();
        _http.Dispose();
    }

    private void Seen(string? line)
    {
        if (line is null) return;
        lock (_output) _output.AppendLine(line);
        if (Listening().Match(line) is { Success: true } match) _address.TrySetResult(new Uri(match.Groups[1].Value));
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex Listening();

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
