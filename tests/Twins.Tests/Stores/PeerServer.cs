using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.Twins.Tests;

/// <summary>A server of another project, started for the tests from the folder that <c>PEERS</c> names and stopped after them.</summary>
internal sealed class PeerServer : IAsyncDisposable
{
    private readonly Process _process;

    private PeerServer(Process process, int port) => (_process, Port) = (process, port);

    /// <summary>On 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Starts a peer, or gives null where it is not there.</summary>
    /// <param name="name">Its folder; the start script is <c>start-NAME</c> in it.</param>
    /// <param name="portVariable">Environment variable that tells it its port.</param>
    /// <param name="ready">What it prints when it is ready; without it, its address.</param>
    /// <param name="port">The port, or 0 for a free one.</param>
    /// <param name="settings">More of its environment.</param>
    public static async Task<PeerServer?> StartAsync(
        string name, string portVariable, string? ready = null, int port = 0, params IEnumerable<KeyValuePair<string, string>> settings)
    {
        if (Environment.GetEnvironmentVariable("PEERS") is not { Length: > 0 } peers) return null;
        var script = Path.Combine(FromRepository(peers), name, $"start-{name}");
        if (!File.Exists(script)) return null;

        if (port == 0) port = FreePort();
        var start = new ProcessStartInfo(script) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[portVariable] = port.ToString();
        foreach (var (variable, value) in settings) start.Environment[variable] = value;
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{script} did not start.");
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => Seen(line.Data);
        process.ErrorDataReceived += (_, line) => Seen(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var server = new PeerServer(process, port);
        try
        {
            await started.Task.WaitAsync(TimeSpan.FromSeconds(60));
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        void Seen(string? line)
        {
            if (line?.Contains(ready ?? $":{port}/", StringComparison.Ordinal) == true) started.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>A relative folder is meant from the repository's root, where the test command is given.</summary>
    private static string FromRepository(string folder)
    {
        if (Path.IsPathRooted(folder)) return folder;
        var at = new DirectoryInfo(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Kappa.Iot.sln"))) at = at.Parent;
        return Path.GetFullPath(Path.Combine(at?.FullName ?? Environment.CurrentDirectory, folder));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
