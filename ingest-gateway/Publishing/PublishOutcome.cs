using MQTTnet.Protocol;

namespace Kappa.Iot.IngestGateway;

/// <summary>What became of a publish, and what MQTT 5 clients are told about it.</summary>
/// <param name="Code">Reason code of the PUBACK or PUBREC.</param>
/// <param name="Detail">Reason string, null where there is nothing to say.</param>
public sealed record PublishOutcome(PublishResult Result, MqttPubAckReasonCode Code, string? Detail)
{
    public static readonly PublishOutcome Stored = new(PublishResult.Stored, MqttPubAckReasonCode.Success, null);

    public static readonly PublishOutcome Noted = new(PublishResult.Noted, MqttPubAckReasonCode.Success, null);

    public static readonly PublishOutcome Repeated = new(PublishResult.Repeated, MqttPubAckReasonCode.Success, null);

    public static readonly PublishOutcome Failed =
        new(PublishResult.Failed, MqttPubAckReasonCode.UnspecifiedError, "The log did not store the message: connect and send it again.");

    public static readonly PublishOutcome TakenOver =
        new(PublishResult.Failed, MqttPubAckReasonCode.UnspecifiedError, "The client has connected anew: send the message over there.");

    public static PublishOutcome DeadLettered(Rejection rejection) => new(PublishResult.DeadLettered, CodeOf(rejection.Reason), rejection.Detail);

    private static MqttPubAckReasonCode CodeOf(RejectReason reason) => reason switch
    {
        RejectReason.NotAuthorized or RejectReason.WrongVehicle => MqttPubAckReasonCode.NotAuthorized,
        RejectReason.WrongTopic => MqttPubAckReasonCode.TopicNameInvalid,
        RejectReason.TooLarge or RejectReason.TooManySamples => MqttPubAckReasonCode.QuotaExceeded,
        _ => MqttPubAckReasonCode.PayloadFormatInvalid,
    };
}
