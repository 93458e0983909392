namespace Kappa.Iot.Embedded.Protocol;

/// <summary>A kind of request and the versions of it that are understood.</summary>
/// <param name="FirstFlexible">From this version on, lengths are compact and structures have tagged fields.</param>
internal sealed record Api(ApiKey Key, short MinVersion, short MaxVersion, short FirstFlexible, Func<Call, ValueTask> Handle)
{
    public bool Supports(short version) => version >= MinVersion && version <= MaxVersion;

    public bool IsFlexible(short version) => version >= FirstFlexible;
}
