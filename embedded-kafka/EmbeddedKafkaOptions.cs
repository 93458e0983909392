using System.Text.Json.Serialization;
using Kappa.Iot.Embedded.Topics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Embedded;

/// <summary>How a server is set up. The defaults are Kafka's where Kafka has one.</summary>
public sealed record EmbeddedKafkaOptions
{
    /// <summary>Bytes; buffers are powers of two, and the next one is larger than an array can be.</summary>
    private const int MaxMessage = 1 << 30;

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

    /// <summary>Partitions of all topics together, beside the server's own two; each takes about 1 KB of memory. What would be more is refused.</summary>
    public int MaxPartitions { get; init; } = 50_000;

    /// <summary>Names and passwords of those who may connect (SASL PLAIN, SCRAM-SHA-256, SCRAM-SHA-512); empty lets everyone in.</summary>
    public IReadOnlyDictionary<string, string> SaslUsers { get; init; } = new Dictionary<string, string>();

    /// <summary>A PEM or PKCS#12 file with the server's certificate; with it, the server speaks TLS only.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>The PEM file with the certificate's key; null where both are in one file.</summary>
    public string? TlsKey { get; init; }

    /// <summary>The password of the key.</summary>
    public string? TlsPassword { get; init; }

    public int MaxConnections { get; init; } = 2_000;

    /// <summary>Bytes that all connections together may hold in requests and answers, beyond 128 KiB each.</summary>
    public long MaxBufferMemory { get; init; } = 512 * 1024 * 1024;

    /// <summary>One member more than this is turned away from its group.</summary>
    public int MaxGroupMembers { get; init; } = 10_000;

    /// <summary>Bytes that all groups together may take in memory: members, what they subscribe to and are assigned, and offsets.</summary>
    public long MaxGroupMemory { get; init; } = 256 * 1024 * 1024;

    /// <summary>Bytes that all transactional ids and the partitions of their open transactions together may take in memory. A new one beyond is turned away.</summary>
    public long MaxTransactionMemory { get; init; } = 64 * 1024 * 1024;

    /// <summary>Idempotent producers that all partitions together remember, each counted in every partition that it writes to. Those that were silent for longest are forgotten first.</summary>
    public int MaxProducers { get; init; } = 150_000;

    /// <summary>Bytes; a larger request closes its connection.</summary>
    public int MaxRequestSize { get; init; } = 100 * 1024 * 1024;

    /// <summary>Bytes of one fetch response, whatever the client asks for.</summary>
    public int MaxFetchSize { get; init; } = 55 * 1024 * 1024;

    /// <summary>A connection that is silent for longer is closed.</summary>
    public TimeSpan MaxIdle { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A connection that stops for longer in the middle of its login, of a request or of taking an answer is closed.</summary>
    public TimeSpan MaxStall { get; init; } = TimeSpan.FromSeconds(30);

    public TimeSpan MinSessionTimeout { get; init; } = TimeSpan.FromSeconds(6);

    public TimeSpan MaxSessionTimeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>A member of the consumer protocol that says nothing for longer is out of its group.</summary>
    public TimeSpan ConsumerSessionTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>How often members of the consumer protocol are told to say something.</summary>
    public TimeSpan ConsumerHeartbeatInterval { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan MaxTransactionTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How often retention and compaction look for work.</summary>
    public TimeSpan CleaningInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A producer that has been silent for longer is forgotten.</summary>
    public TimeSpan ProducerExpiration { get; init; } = TimeSpan.FromDays(1);

    /// <summary>A group without members forgets its offsets after this time, a transactional id that was not used its producer.</summary>
    public TimeSpan OffsetsRetention { get; init; } = TimeSpan.FromDays(7);

    /// <inheritdoc cref="OffsetsRetention"/>
    public TimeSpan TransactionalIdExpiration { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Where the server says what it does.</summary>
    [JsonIgnore]
    public ILogger Logger { get; init; } = NullLogger.Instance;

    [JsonIgnore]
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <returns>Everything that cannot be right, in sentences.</returns>
    internal IReadOnlyList<string> Check()
    {
        var errors = new List<string>();
        void Need(bool holds, string rule)
        {
            if (!holds)
                errors.Add(rule);
        }

        Need(Port is >= 0 and <= 65535, $"port has to be 0 to 65535, is {Port}.");
        Need(AdvertisedPort is null or (> 0 and <= 65535), $"advertisedPort has to be 1 to 65535, is {AdvertisedPort}.");
        Need(DataDirectory is not "", "the data folder has an empty name.");
        Need(Host is { Length: > 0 }, "host is empty.");
        Need(DefaultPartitions is > 0 and <= TopicRegistry.MaxPartitions, $"defaultPartitions has to be 1 to {TopicRegistry.MaxPartitions}, is {DefaultPartitions}.");
        Need(MaxPartitions >= DefaultPartitions, $"maxPartitions ({MaxPartitions}) has to be at least defaultPartitions ({DefaultPartitions}).");
        Need(MaxConnections > 0, $"maxConnections has to be at least 1, is {MaxConnections}.");
        Need(MaxGroupMembers > 0, $"maxGroupMembers has to be at least 1, is {MaxGroupMembers}.");
        Need(MaxGroupMemory >= 1024 * 1024, $"maxGroupMemory has to be at least 1048576 bytes, is {MaxGroupMemory}.");
        Need(MaxTransactionMemory >= 1024 * 1024, $"maxTransactionMemory has to be at least 1048576 bytes, is {MaxTransactionMemory}.");
        Need(MaxProducers >= 1000, $"maxProducers has to be at least 1000, is {MaxProducers}.");
        Need(MaxRequestSize is >= 1024 and <= MaxMessage, $"maxRequestSize has to be 1024 to {MaxMessage} bytes, is {MaxRequestSize}.");
        Need(MaxFetchSize is >= 1024 and <= MaxMessage, $"maxFetchSize has to be 1024 to {MaxMessage} bytes, is {MaxFetchSize}.");
        Need(MaxBufferMemory >= 2L * MaxRequestSize, $"maxBufferMemory ({MaxBufferMemory}) has to be at least twice maxRequestSize ({MaxRequestSize}).");
        Need(SaslUsers is not null && SaslUsers.All(u => u.Key.Length > 0 && u.Value is { Length: > 0 }), "saslUsers has to be an object with names and passwords, none of them empty.");
        Need(TlsCertificate is not null || (TlsKey is null && TlsPassword is null), "tlsKey and tlsPassword need a tlsCertificate.");
        Need(MinSessionTimeout <= MaxSessionTimeout, "minSessionTimeout is longer than maxSessionTimeout.");
        Need(ConsumerHeartbeatInterval >= TimeSpan.FromMilliseconds(10) && ConsumerHeartbeatInterval < ConsumerSessionTimeout && ConsumerHeartbeatInterval.TotalDays <= 24, "consumerHeartbeatInterval has to be at least 10 ms, at most 24 days, and shorter than consumerSessionTimeout.");
        foreach (var (name, value) in new[]
        {
            ("maxIdle", MaxIdle), ("maxStall", MaxStall), ("minSessionTimeout", MinSessionTimeout), ("maxSessionTimeout", MaxSessionTimeout), ("maxTransactionTimeout", MaxTransactionTimeout),
            ("consumerSessionTimeout", ConsumerSessionTimeout),
            ("cleaningInterval", CleaningInterval), ("producerExpiration", ProducerExpiration), ("offsetsRetention", OffsetsRetention),
            ("transactionalIdExpiration", TransactionalIdExpiration),
        })
            Need(value > TimeSpan.Zero && value < TimeSpan.FromDays(3650), $"{name} has to be longer than nothing and shorter than ten years, is {value}.");
        foreach (var (name, value) in new[] { ("maxIdle", MaxIdle), ("maxStall", MaxStall), ("cleaningInterval", CleaningInterval) })
            Need(value >= TimeSpan.FromMilliseconds(10) && value <= TimeSpan.FromDays(49), $"{name} has to be 10 ms to 49 days, is {value}.");
        return errors;
    }
}
