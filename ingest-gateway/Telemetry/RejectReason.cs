namespace Kappa.Iot.IngestGateway;

/// <summary>Why a message was not taken as it is; the name goes into the dead letter's <c>reason</c> header and into the metric.</summary>
public enum RejectReason
{
    /// <summary>A topic of another vehicle.</summary>
    NotAuthorized,

    /// <summary>More bytes than <c>Mqtt:MaxPacketSize</c>.</summary>
    TooLarge,

    /// <summary>Not Protobuf, not JSON of the right shape, or a boot id or sequence of more than 63 bits.</summary>
    Unreadable,

    /// <summary>A topic that is no vehicle's to publish to.</summary>
    WrongTopic,

    /// <summary>The message names another vehicle than its topic.</summary>
    WrongVehicle,

    /// <summary>No columns, or columns without values.</summary>
    Empty,

    /// <summary>Profile, boot id, sequence, start time or sample interval is missing.</summary>
    Incomplete,

    /// <summary>Columns of different lengths, or the same signal twice.</summary>
    Uneven,

    /// <summary>More samples than <c>Telemetry:MaxSamples</c>.</summary>
    TooManySamples,

    /// <summary>A signal that is not in the catalogue.</summary>
    UnknownSignal,

    /// <summary>A value that is infinite.</summary>
    NotFinite,

    /// <summary>Starts or ends later than the gateway's clock and <c>Telemetry:MaxClockLead</c> allow, or has samples further apart than <c>Telemetry:MaxSampleInterval</c>.</summary>
    FromTheFuture,

    /// <summary>Starts before <c>Telemetry:Earliest</c>.</summary>
    FromThePast,
}
