using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace Kappa.Iot.TrainingJob.Tests;

/// <summary>A service of the pipeline as a process, as people run it.</summary>
internal sealed class ServiceRun : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ServiceRun(string service, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["KAPPA_STOP_ON_STDIN_CLOSE"] = "true";
        start.ArgumentList.Add(Path.GetFullPath(typeof(ServiceRun).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == $"Service:{service}").Value!));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private string Output
    {
        get { lock (_output) return _output.ToString(); }
    }

    /// <summary>Starts a service and waits until it says that it can do its job.</summary>
    public static async Task<ServiceRun> StartAsync(string service, int http, params string[] arguments)
    {
        var run = new ServiceRun(service, [$"--Urls=http://127.0.0.1:{http}", .. arguments]);
        using var client = new HttpClient();
        var until = DateTime.UtcNow + Patience;
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{http}/health/ready"), TestContext.Current.CancellationToken);
                if (answer.IsSuccessStatusCode) return run;
            }
            catch (HttpRequestException)
            {
                // Not up yet.
            }
            Assert.True(DateTime.UtcNow < until && !run._process.HasExited, $"{service} did not start:\n{run.Output}");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task RunAsync(string service, params string[] arguments)
    {
        await using var run = new ServiceRun(service, arguments);
        await run._process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken);
        Assert.True(run._process.ExitCode == 0, run.Output);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is not null) lock (_output) _output.AppendLine(line);
    }
}
