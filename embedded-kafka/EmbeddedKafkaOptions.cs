using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Embedded;

/// <summary>How a server is set up. The defaults are Kafka's where Kafka has one.</summary>
public sealed record EmbeddedKafkaOptions
{
    /// <summary>Where the log is kept; null for a new temporary folder that is removed at the end.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>The address to listen on; only this machine can reach the default.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The TCP port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The host name that clients are told to connect to; null for <see cref="Host"/>.</summary>
    public string? AdvertisedHost { get; init; }

    /// <summary>The port that clients are told to connect to; null for the one listened on.</summary>
    public int? AdvertisedPort { get; init; }

    /// <summary>Forces every batch to the disk before it is acknowledged: safe against loss of power too, and slower.</summary>
    public bool Flush { get; init; }

    /// <summary>Makes topics when a client asks for them by name.</summary>
    public bool AutoCreateTopics { get; init; }

    /// <summary>Partitions of a topic that is made without a number.</summary>
    public int DefaultPartitions { get; init; } = 1;

    public int MaxConnections { get; init; } = 10_000;

    /// <summary>Bytes; a larger request closes its connection.</summary>
    public int MaxRequestSize { get; init; } = 100 * 1024 * 1024;

    /// <summary>Bytes of one fetch response, whatever the client asks for.</summary>
    public int MaxFetchSize { get; init; } = 55 * 1024 * 1024;

    /// <summary>A connection that is silent for longer is closed.</summary>
    public TimeSpan MaxIdle { get; init; } = TimeSpan.FromMinutes(10);

    public TimeSpan MinSessionTimeout { get; init; } = TimeSpan.FromSeconds(6);

    public TimeSpan MaxSessionTimeout { get; init; } = TimeSpan.FromMinutes(30);

    public TimeSpan MaxTransactionTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often retention and compaction look for work.</summary>
    public TimeSpan CleaningInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A producer that has been silent for longer is forgotten.</summary>
    public TimeSpan ProducerExpiration { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Where the server says what it does.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
