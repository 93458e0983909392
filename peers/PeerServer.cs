using System.Diagnostics;

namespace Kappa.Iot.Peers;

/// <summary>A running server of another project, out of the folder that <c>PEERS</c> names.</summary>
public sealed class PeerServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly Process _process;

    private PeerServer(Process process, int port) => (_process, Port) = (process, port);

    /// <summary>On 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Process id of the server: its start script has become it.</summary>
    public int Id => _process.Id;

    /// <summary>The start script of a peer, <c>NAME/start-NAME</c>; null where it is not there. A relative folder is meant from the repository's root.</summary>
    public static string? FindScript(string name)
    {
        if (Environment.GetEnvironmentVariable("PEERS") is not { Length: > 0 } peers) return null;
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Kappa.Iot.sln"))) root = root.Parent;
        var script = Path.GetFullPath(Path.Combine(peers, name, $"start-{name}"), root?.FullName ?? Environment.CurrentDirectory);
        return File.Exists(script) ? script : null;
    }

    /// <summary>Starts a peer and waits until it is ready; gives null where it is not there.</summary>
    /// <param name="name">Its folder.</param>
    /// <param name="portVariable">Environment variable that tells it its port.</param>
    /// <param name="ready">What it prints when it is ready; without it, its address.</param>
    /// <param name="port">The port, or 0 for a free one.</param>
    /// <param name="settings">More of its environment.</param>
    /// <exception cref="InvalidOperationException">It ended, or did not get ready; with what it printed.</exception>
    public static async Task<PeerServer?> StartAsync(
        string name, string portVariable, string? ready = null, int port = 0, params IEnumerable<KeyValuePair<string, string>> settings)
    {
        if (FindScript(name) is not { } script) return null;
        if (port == 0) port = FreePort.Take();
        var start = new ProcessStartInfo(script) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[portVariable] = $"{port}";
        foreach (var (variable, value) in settings) start.Environment[variable] = value;

        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var printed = new List<string>();
        var server = new PeerServer(Process.Start(start) ?? throw new InvalidOperationException($"{script} did not start."), port);
        server._process.OutputDataReceived += (_, line) => Seen(line.Data);
        server._process.ErrorDataReceived += (_, line) => Seen(line.Data);
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        await Task.WhenAny(started.Task, server._process.WaitForExitAsync(), Task.Delay(Patience));
        if (started.Task.IsCompleted) return server;

        await server.DisposeAsync();
        lock (printed) throw new InvalidOperationException($"{script} was not ready within {Patience}. It printed:\n{string.Join('\n', printed)}");

        void Seen(string? line)
        {
            if (line is null || started.Task.IsCompleted) return;
            lock (printed) printed.Add(line);
            if (line.Contains(ready ?? $":{port}/", StringComparison.Ordinal)) started.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
