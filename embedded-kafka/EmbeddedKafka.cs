using Kappa.Iot.Embedded.Network;

namespace Kappa.Iot.Embedded;

/// <summary>
/// A running single-node server that speaks the Kafka protocol and keeps its log on disk.
/// <code>await using var kafka = await EmbeddedKafka.StartAsync();</code>
/// </summary>
public sealed class EmbeddedKafka : IAsyncDisposable
{
    private readonly Broker _broker;
    private readonly Listener _listener;
    private readonly FileStream _lock;
    private readonly bool _temporary;
    private bool _stopped;

    private EmbeddedKafka(Broker broker, Listener listener, FileStream @lock, string dataDirectory, bool temporary)
    {
        _broker = broker;
        _listener = listener;
        _lock = @lock;
        _temporary = temporary;
        DataDirectory = dataDirectory;
    }

    /// <summary>What a client's <c>bootstrap.servers</c> is set to, as <c>host:port</c>.</summary>
    public string BootstrapServers => $"{_broker.AdvertisedHost}:{_broker.AdvertisedPort}";

    /// <summary>The TCP port that the server listens on.</summary>
    public int Port => _listener.Port;

    /// <summary>The folder with the log.</summary>
    public string DataDirectory { get; }

    /// <summary>Bytes that requests and answers take now, out of <see cref="EmbeddedKafkaOptions.MaxBufferMemory"/>.</summary>
    internal long BufferMemory => _broker.Memory.Used;

    /// <summary>Starts a server on a free port, with its log in a temporary folder that goes when the server does.</summary>
    public static Task<EmbeddedKafka> StartAsync(CancellationToken cancel = default) => StartAsync(new EmbeddedKafkaOptions(), cancel);

    /// <summary>Starts a server; when the task ends, clients can connect.</summary>
    /// <exception cref="IOException">The data folder is in use or cannot be written, or the address cannot be listened on.</exception>
    /// <exception cref="InvalidDataException">The data folder holds something that this server did not write, or the certificate cannot be used.</exception>
    /// <exception cref="ArgumentException">Options that cannot be right: all of them are named.</exception>
    public static async Task<EmbeddedKafka> StartAsync(EmbeddedKafkaOptions options, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Check() is { Count: > 0 } errors)
            throw new ArgumentException(string.Join(' ', errors), nameof(options));
        var temporary = options.DataDirectory is null;
        var directory = options.DataDirectory is { } given ? Path.GetFullPath(given) : Directory.CreateTempSubdirectory("embedded-kafka-").FullName;
        FileStream? directoryLock = null;
        Broker? broker = null;
        Listener? listener = null;
        try
        {
            directoryLock = DataDirectoryLock.Take(directory);
            broker = new Broker(options, directory);
            listener = await Listener.BindAsync(broker, options.Host, options.Port, cancel);
            broker.AdvertisedHost = options.AdvertisedHost ?? (options.Host is "0.0.0.0" or "::" ? "127.0.0.1" : options.Host);
            broker.AdvertisedPort = options.AdvertisedPort ?? listener.Port;
            broker.Start();
            listener.Start();
            return new EmbeddedKafka(broker, listener, directoryLock, directory, temporary);
        }
        catch
        {
            if (listener is not null)
                await listener.DisposeAsync();
            broker?.Dispose();
            if (directoryLock is not null)
                await directoryLock.DisposeAsync();
            if (temporary)
                Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    /// <summary>Closes all connections and files. What was acknowledged is on disk; a temporary folder is removed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopped)
            return;
        _stopped = true;
        await _listener.DisposeAsync();
        await _broker.StopAsync(checkpoint: !_temporary);
        _broker.Dispose();
        await _lock.DisposeAsync();
        if (_temporary)
            Directory.Delete(DataDirectory, recursive: true);
    }
}
