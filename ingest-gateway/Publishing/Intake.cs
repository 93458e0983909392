using Google.Protobuf;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.IngestGateway;

/// <summary>Decides where a message goes: onto its topic of the log, or among the dead letters.</summary>
internal sealed class Intake(LogWriter log, DeadLetters deadLetters, IOptions<TelemetryOptions> telemetry, TimeProvider time)
{
    private readonly TelemetryOptions _limits = telemetry.Value;

    /// <summary>Takes one message.</summary>
    /// <param name="payload">Belongs to the log from now on.</param>
    /// <returns>Completes once the log has the message, or could not store it.</returns>
    public Task<PublishOutcome> TakeAsync(VehicleSession from, string mqttTopic, byte[] payload)
    {
        if (!MqttTopics.TryParse(mqttTopic, out var vin, out var channel))
            return Refuse(from, mqttTopic, payload, RejectReason.WrongTopic, $"'{mqttTopic}' is not of the form v1/{{vin}}/telemetry, telemetry/json, presence or command-results.");
        if (vin != from.Vin)
            return Refuse(from, mqttTopic, payload, RejectReason.NotAuthorized, $"Client '{from.ClientId}' is vehicle {from.Vin} and may not publish for '{vin}'.");

        return channel switch
        {
            MqttChannel.Telemetry => Store(from, mqttTopic, payload, TelemetryReader.Read(payload, vin, time.GetUtcNow(), _limits), payload),
            MqttChannel.TelemetryJson => TakeJson(from, mqttTopic, payload),
            MqttChannel.CommandResults => TakeCommandResult(from, mqttTopic, payload),
            MqttChannel.Presence => Task.FromResult(PublishOutcome.Noted),
            _ => Refuse(from, mqttTopic, payload, RejectReason.WrongTopic, $"'{mqttTopic}' is for the gateway to publish to, not for vehicles."),
        };
    }

    /// <summary>Takes note of a message of which only the head was read.</summary>
    public Task<PublishOutcome> RefuseAsync(string clientId, string mqttTopic, byte[] head, Rejection rejection) =>
        deadLetters.SendAsync(clientId, mqttTopic, head, rejection);

    private Task<PublishOutcome> TakeJson(VehicleSession from, string mqttTopic, byte[] payload)
    {
        var read = JsonTelemetryReader.Read(payload, from.Vin, time.GetUtcNow(), _limits, from.NextJsonDefaults());
        return Store(from, mqttTopic, payload, read, null);
    }

    /// <param name="encoded">The batch as it goes onto the log, null where it is still to be encoded.</param>
    private Task<PublishOutcome> Store(VehicleSession from, string mqttTopic, byte[] payload, TelemetryRead read, byte[]? encoded)
    {
        if (read.Batch is not { } batch) return deadLetters.SendAsync(from.ClientId, mqttTopic, payload, read.Rejection);
        var start = DateTimeOffset.FromUnixTimeMilliseconds(batch.StartTimeMs);
        return log.WriteAsync(TopicCatalogue.Telemetry.Name, from.Vin, encoded ?? batch.ToByteArray(), start, null, PublishOutcome.Stored);
    }

    private Task<PublishOutcome> TakeCommandResult(VehicleSession from, string mqttTopic, byte[] payload)
    {
        CommandResult result;
        try
        {
            result = CommandResult.Parser.ParseFrom(payload);
        }
        catch (InvalidProtocolBufferException e)
        {
            return Refuse(from, mqttTopic, payload, RejectReason.Unreadable, $"Not a CommandResult in Protobuf: {e.Message}");
        }

        if (result.Vin != from.Vin) return Refuse(from, mqttTopic, payload, RejectReason.WrongVehicle, $"The result names another vehicle than its topic, {from.Vin}.");
        if (result.CommandId.Length == 0) return Refuse(from, mqttTopic, payload, RejectReason.Incomplete, "command_id is missing: the id of the command that this is the result of.");
        return log.WriteAsync(TopicCatalogue.CommandResults.Name, from.Vin, payload, null, null, PublishOutcome.Stored);
    }

    private Task<PublishOutcome> Refuse(VehicleSession from, string mqttTopic, byte[] payload, RejectReason reason, string detail) =>
        deadLetters.SendAsync(from.ClientId, mqttTopic, payload, new Rejection(reason, detail));
}
