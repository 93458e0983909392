using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Kappa.Iot.IngestGateway;

/// <summary>Where vehicles connect, and what they may send; section <c>Mqtt</c>.</summary>
public sealed record MqttOptions : IValidatableObject
{
    public const string Section = "Mqtt";

    /// <summary>Address to listen on: an IP address, <c>localhost</c> or <c>*</c> for all.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>0 takes any free port.</summary>
    public int Port { get; init; } = 1883;

    /// <summary>Bytes of one MQTT packet. Larger ones are not taken into memory: they are refused and their head is dead-lettered.</summary>
    public int MaxPacketSize { get; init; } = 1024 * 1024;

    /// <summary>How long a client has from opening its connection to its CONNECT.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The address of <see cref="Host"/>, null where it is none.</summary>
    internal IPAddress? Address => Host switch
    {
        "*" => IPAddress.Any,
        "localhost" => IPAddress.Loopback,
        _ => IPAddress.TryParse(Host, out var address) ? address : null,
    };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Port is < 0 or > 65_535) yield return new ValidationResult($"Mqtt:Port is {Port}; it must be between 0 and 65535 (0: any free one).");
        if (MaxPacketSize is < 1_024 or > 16 * 1024 * 1024)
            yield return new ValidationResult($"Mqtt:MaxPacketSize is {MaxPacketSize}; it must be between 1024 and 16777216 bytes.");
        if (Address is null) yield return new ValidationResult($"Mqtt:Host is '{Host}'; it must be an IP address, localhost or *.");
        if (ConnectTimeout < TimeSpan.FromMilliseconds(100)) yield return new ValidationResult($"Mqtt:ConnectTimeout is {ConnectTimeout}; it must be at least 0.1 s.");
    }
}
