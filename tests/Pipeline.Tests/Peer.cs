using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.Pipeline.Tests;

/// <summary>A real server from the folder that PEERS names, started by its own script and stopped with the test.</summary>
internal sealed class Peer : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _output = [];

    private Peer(Process process) => _process = process;

    /// <summary>Skips the test where the peer is not there.</summary>
    /// <param name="script">Path under PEERS.</param>
    /// <param name="ready">What the script says when the server is ready.</param>
    public static async Task<Peer> StartAsync(string script, string ready, params (string Name, string Value)[] environment)
    {
        var folder = Environment.GetEnvironmentVariable("PEERS");
        Assert.SkipUnless(folder is { Length: > 0 } && File.Exists(Path.Combine(folder, script)), $"PEERS has no {script}.");

        var start = new ProcessStartInfo(Path.Combine(folder!, script)) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var peer = new Peer(Process.Start(start)!);
        var up = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Take(string? line)
        {
            if (line is null) return;
            lock (peer._output) peer._output.Add(line);
            if (line.Contains(ready, StringComparison.Ordinal)) up.TrySetResult();
        }

        peer._process.OutputDataReceived += (_, e) => Take(e.Data);
        peer._process.ErrorDataReceived += (_, e) => Take(e.Data);
        peer._process.BeginOutputReadLine();
        peer._process.BeginErrorReadLine();
        try
        {
            await up.Task.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            await peer.DisposeAsync();
            Assert.Fail($"{script} did not say '{ready}' within 2 minutes:\n{string.Join('\n', peer._output)}");
        }

        return peer;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
