using System.Collections.Concurrent;
using System.Diagnostics;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>The real program in a process of its own, so that it can be killed.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process, string ready)
    {
        _process = process;
        Ready = ready;
    }

    /// <summary>The line that the program prints when it is ready.</summary>
    public string Ready { get; }

    public int Port => int.Parse(Ready.Split("127.0.0.1:")[1].Split(',')[0]);

    public static Process Launch(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.ArgumentList.Add(typeof(EmbeddedKafka).Assembly.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["KAPPA_STOP_ON_STDIN_CLOSE"] = "true";
        return Process.Start(start)!;
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>What the program has written to its standard error, by line.</summary>
    public ConcurrentQueue<string> Errors { get; } = new();

    public static async Task<ServerProcess> StartAsync(string data, int port, params string[] more)
    {
        var process = Launch(["--port", $"{port}", "--data", data, .. more]);
        var ready = await process.StandardOutput.ReadLineAsync();
        var server = new ServerProcess(process, ready ?? throw new InvalidOperationException("The server ended before it was ready."));
        process.ErrorDataReceived += (_, line) => server.Errors.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
        return server;
    }

    /// <summary>SIGKILL: nothing in the process gets a say.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Closes its input, which asks it to stop, and returns its exit code.</summary>
    public async Task<int> StopAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }
}
