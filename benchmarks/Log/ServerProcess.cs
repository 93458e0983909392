using System.Buffers.Binary;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Kappa.Iot.Peers;

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
        var (port, port2) = (FreePort.Take(), FreePort.Take());
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
            using var socket = await server.ConnectAsync(port, clock, cancel);
            await AskMetadataAsync(socket, cancel);
            server.StartTime = clock.Elapsed;
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes topics of one partition, with the server's own settings.</summary>
    public async Task CreateTopicsAsync(params string[] topics)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Address }).SetLogHandler((_, _) => { }).Build();
        await admin.CreateTopicsAsync(topics.Select(t => new TopicSpecification { Name = t, NumPartitions = 1, ReplicationFactor = 1 }));
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

    /// <summary>A Metadata request (version 4, about no topic) and its answer, byte by byte: a client library would spend longer on its own start.</summary>
    private static async Task AskMetadataAsync(Socket socket, CancellationToken cancel)
    {
        byte[] request = [0, 0, 0, 15, 0, 3, 0, 4, 0, 0, 0, 1, 0xFF, 0xFF, 0, 0, 0, 0, 0];
        await socket.SendAsync(request, cancel);
        await using var stream = new NetworkStream(socket);
        var answer = new byte[16]; // size, correlation id, throttle time, number of brokers
        await stream.ReadExactlyAsync(answer, cancel);
        if (BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(4)) != 1 || BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(12)) < 1)
            throw new InvalidOperationException($"{socket.RemoteEndPoint} names no broker: {Convert.ToHexString(answer)}.");
    }

    private async Task<Socket> ConnectAsync(int port, Stopwatch clock, CancellationToken cancel)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, cancel);
                return socket;
            }
            catch (SocketException) when (clock.Elapsed < Patience && !_process.HasExited)
            {
                socket.Dispose();
                await Task.Delay(2, cancel);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                throw new InvalidOperationException($"{_process.StartInfo.FileName} does not listen on port {port}: {e.Message}", e);
            }
        }
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
}
