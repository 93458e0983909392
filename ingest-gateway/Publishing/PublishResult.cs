namespace Kappa.Iot.IngestGateway;

/// <summary>What became of a publish.</summary>
public enum PublishResult
{
    /// <summary>The log has it.</summary>
    Stored,

    /// <summary>The log has it as a dead letter, with the reason.</summary>
    DeadLettered,

    /// <summary>It only says that the vehicle is there, which the gateway knows.</summary>
    Noted,

    /// <summary>QoS 2: the same message once more, before the vehicle released it.</summary>
    Repeated,

    /// <summary>The log does not have it: it must not be acknowledged.</summary>
    Failed,
}
