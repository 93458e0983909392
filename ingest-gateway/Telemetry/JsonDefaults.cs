namespace Kappa.Iot.IngestGateway;

/// <summary>What a JSON message may leave out.</summary>
/// <param name="BootId">The session's start, Unix milliseconds.</param>
/// <param name="Sequence">The session's next number.</param>
public readonly record struct JsonDefaults(ulong BootId, ulong Sequence);
