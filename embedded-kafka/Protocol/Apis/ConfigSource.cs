namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Where a setting's value comes from; the protocol's numbers.</summary>
internal static class ConfigSource
{
    public const sbyte Topic = 1;
    public const sbyte StaticBroker = 4;
    public const sbyte Default = 5;
}
