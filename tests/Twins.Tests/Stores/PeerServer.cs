using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.Twins.Tests;

/// <summary>A server of the MongoDB protocol, started for the tests from the folder that <c>PEERS</c> names and stopped after them.</summary>
internal sealed class PeerServer : IAsyncDisposable
{
    private readonly Process _process;

    private PeerServer(Process process, string address) => (_process, Address) = (process, address);

    public string Address { get; }

    /// <summary>Starts a peer, or gives null where it is not there.</summary>
    /// <param name="name">Its folder; the start script is <c>start-NAME</c> in it.</param>
    /// <param name="portVariable">Environment variable that tells it its port.</param>
    public static async Task<PeerServer?> StartAsync(string name, string portVariable)
    {
        if (Environment.GetEnvironmentVariable("PEERS") is not { Length: > 0 } peers) return null;
        var script = Path.Combine(FromRepository(peers), name, $"start-{name}");
        if (!File.Exists(script)) return null;

        var port = FreePort();
        var start = new ProcessStartInfo(script) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[portVariable] = port.ToString();
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{script} did not start.");
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => Seen(line.Data);
        process.ErrorDataReceived += (_, line) => Seen(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var server = new PeerServer(process, $"mongodb://127.0.0.1:{port}");
        try
        {
            await ready.Task.WaitAsync(TimeSpan.FromSeconds(60));
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        void Seen(string? line)
        {
            if (line?.Contains($":{port}/", StringComparison.Ordinal) == true) ready.TrySetResult();
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
