using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>A running server with its data in a temporary folder.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly DirectoryInfo _data;

    private ServerProcess(Process process, DirectoryInfo data, string address) => (_process, _data, Address) = (process, data, address);

    public string Address { get; }

    /// <summary>From the start of the process to the first answer.</summary>
    public TimeSpan StartTime { get; private set; }

    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
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

    /// <exception cref="InvalidOperationException">The server ended, or does not answer.</exception>
    public static async Task<ServerProcess> StartAsync(ServerKind kind, CancellationToken cancel)
    {
        var (port, port2) = (FreePort(), FreePort());
        var data = Directory.CreateTempSubdirectory("kappa-benchmark-");
        string Fill(string text) => text.Replace("{port}", $"{port}").Replace("{port2}", $"{port2}").Replace("{data}", data.FullName);

        var start = new ProcessStartInfo(kind.Program, kind.Arguments.Select(Fill))
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = data.FullName,
        };
        foreach (var (name, value) in kind.Environment)
            start.Environment[name] = Fill(value);
        var clock = Stopwatch.StartNew();
        var server = new ServerProcess(Process.Start(start)!, data, $"127.0.0.1:{port}");
        server._process.ErrorDataReceived += (_, _) => { }; // read, so that the server never waits for us
        server._process.OutputDataReceived += (_, _) => { };
        server._process.BeginErrorReadLine();
        server._process.BeginOutputReadLine();
        try
        {
            await server.ConnectAsync(port, clock, cancel);
            server.AskMetadata();
            server.StartTime = clock.Elapsed;
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Bytes of all files that hold records.</summary>
    public long BytesOnDisk() => _data.EnumerateFiles("*", SearchOption.AllDirectories).Where(f => f.Extension is ".log" or ".db" or ".db-wal").Sum(Length);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _data.Delete(recursive: true);
    }

    private async Task ConnectAsync(int port, Stopwatch clock, CancellationToken cancel)
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, cancel);
                return;
            }
            catch (SocketException) when (clock.Elapsed < Patience && !_process.HasExited)
            {
                await Task.Delay(2, cancel);
            }
            catch (SocketException e)
            {
                throw new InvalidOperationException($"{_process.StartInfo.FileName} does not listen on port {port}: {e.Message}", e);
            }
        }
    }

    private void AskMetadata()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Address }).SetLogHandler((_, _) => { }).Build();
        if (admin.GetMetadata(Patience).Brokers.Count == 0)
            throw new InvalidOperationException($"{_process.StartInfo.FileName} names no broker.");
    }

    private static long Length(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0; // removed meanwhile
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
