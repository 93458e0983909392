using System.ComponentModel.DataAnnotations;
using Confluent.Kafka;

namespace Kappa.Iot.IngestGateway;

/// <summary>How messages go to the log, and how many may be on their way; section <c>Publishing</c>.</summary>
public sealed record PublishingOptions : IValidatableObject
{
    public const string Section = "Publishing";

    /// <summary>How many unacknowledged publishes the gateway holds before it stops reading from sockets.</summary>
    public int MaxInFlight { get; init; } = 20_000;

    /// <summary>How many bytes of payload these may have together, before it stops reading from sockets.</summary>
    public long MaxInFlightBytes { get; init; } = 256L * 1024 * 1024;

    /// <summary>How many of these one connection may have, so that one vehicle cannot take them all. MQTT 5 clients are told as their Receive Maximum.</summary>
    public int MaxInFlightPerConnection { get; init; } = 256;

    /// <summary>How long the log may take to store a message before its vehicle is disconnected, to send it again later.</summary>
    public TimeSpan DeliveryTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a message may wait for others to share its request to the log.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(5);

    public CompressionType Compression { get; init; } = CompressionType.Lz4;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (MaxInFlight is < 1 or > 1_000_000) yield return new ValidationResult($"Publishing:MaxInFlight is {MaxInFlight}; it must be between 1 and 1000000.");
        if (MaxInFlightBytes is < 1_024 or > 64L * 1024 * 1024 * 1024)
            yield return new ValidationResult($"Publishing:MaxInFlightBytes is {MaxInFlightBytes}; it must be between 1024 and 64 GiB.");
        if (MaxInFlightPerConnection is < 1 or > ushort.MaxValue)
            yield return new ValidationResult($"Publishing:MaxInFlightPerConnection is {MaxInFlightPerConnection}; it must be between 1 and 65535.");
        if (DeliveryTimeout < TimeSpan.FromMilliseconds(100) || DeliveryTimeout > TimeSpan.FromHours(1))
            yield return new ValidationResult($"Publishing:DeliveryTimeout is {DeliveryTimeout}; it must be between 0.1 s and 1 h.");
        if (Linger < TimeSpan.Zero || Linger >= DeliveryTimeout)
            yield return new ValidationResult($"Publishing:Linger is {Linger}; it must not be negative, and shorter than Publishing:DeliveryTimeout.");
    }
}
