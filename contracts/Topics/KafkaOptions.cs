using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Confluent.Kafka;

namespace Kappa.Iot.Contracts;

/// <summary>Where the log is and how to log in; section <c>Kafka</c> of every service's settings.</summary>
public sealed record KafkaOptions : IValidatableObject
{
    public const string Section = "Kafka";

    /// <summary><c>host:port</c>, several separated by commas.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Kafka:BootstrapServers is missing: give the log's address, such as 127.0.0.1:9092.")]
    public string BootstrapServers { get; init; } = "127.0.0.1:9092";

    /// <summary>Partitions of the topics keyed by vehicle, where they are still to be created.</summary>
    [Range(1, 10_000)]
    public int Partitions { get; init; } = TopicCatalogue.DefaultPartitions;

    public SecurityProtocol SecurityProtocol { get; init; } = SecurityProtocol.Plaintext;

    public SaslMechanism? SaslMechanism { get; init; }

    public string? SaslUsername { get; init; }

    public string? SaslPassword { get; init; }

    /// <summary>File of certificate authorities (PEM), where the system's own do not do.</summary>
    public string? SslCaLocation { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        from server in BootstrapServers.Split(',', StringSplitOptions.TrimEntries)
        where !IsHostAndPort(server)
        select new ValidationResult($"Kafka:BootstrapServers has '{server}': give host:port, such as 127.0.0.1:9092, several separated by commas.", [nameof(BootstrapServers)]);

    /// <summary>The part of a client's configuration that all clients share.</summary>
    public ClientConfig ToClientConfig(string clientId) => new()
    {
        BootstrapServers = BootstrapServers,
        ClientId = clientId,
        SecurityProtocol = SecurityProtocol,
        SaslMechanism = SaslMechanism,
        SaslUsername = SaslUsername,
        SaslPassword = SaslPassword,
        SslCaLocation = SslCaLocation,
        SocketKeepaliveEnable = true,
        AllowAutoCreateTopics = false,
        // librdkafka's default forgets the brokers it knew once all of them are down. After an outage of the whole log its requests to
        // coordinators (group offsets, transactions) then wait for a broker that is gone, for ever: seen with 2.16 and a broker killed and restarted.
        MetadataRecoveryStrategy = MetadataRecoveryStrategy.None,
    };

    private static bool IsHostAndPort(string server)
    {
        var colon = server.LastIndexOf(':');
        return colon > 0 && !server.AsSpan(0, colon).ContainsAny("/ \t")
            && ushort.TryParse(server.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0;
    }
}
