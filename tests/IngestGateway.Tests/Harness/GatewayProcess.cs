using System.Diagnostics;
using Kappa.Iot.Peers;

namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>The gateway as a process of its own, to be killed.</summary>
internal sealed class GatewayProcess : IAsyncDisposable
{
    private readonly Process _process;

    private GatewayProcess(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public static async Task<GatewayProcess> StartAsync(TestLog log)
    {
        var port = FreePort.Take();
        var http = FreePort.Take();
        var started = new GatewayProcess(Run($"--Mqtt:Port={port}", $"--Urls=http://127.0.0.1:{http}", $"--Kafka:BootstrapServers={log.BootstrapServers}"), port);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{http}") };
        var until = DateTime.UtcNow + TimeSpan.FromMinutes(2);
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
                if (answer.IsSuccessStatusCode) return started;
            }
            catch (HttpRequestException) when (DateTime.UtcNow < until && !started._process.HasExited)
            {
                // not up yet
            }

            await Task.Delay(100);
        }
    }

    /// <summary>Runs the gateway to its end.</summary>
    public static async Task<(int ExitCode, string Error, string Output)> RunToEndAsync(params string[] settings)
    {
        using var process = Run(settings);
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1));
        return (process.ExitCode, await error, await output);
    }

    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static Process Run(params string[] settings) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Kappa.Iot.IngestGateway.dll"), .. settings]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
}
