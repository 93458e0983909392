using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

internal static partial class PartitionScorerLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Alert: vehicle {Vin}, {Type} {Status}, {Severity}, score {Score:F2}")]
    public static partial void AlertChanged(this ILogger logger, string vin, AlertType type, AlertStatus status, Severity severity, float score);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The record at {Position} goes to the dead letters: {Reason}: {Detail}")]
    public static partial void DeadLettered(this ILogger logger, string position, string reason, string detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "The batch of vehicle {Vin} at {Position} cannot be scored; it goes to the dead letters and the vehicle starts anew")]
    public static partial void BatchFailed(this ILogger logger, Exception exception, string vin, TopicPartitionOffset position);

    [LoggerMessage(Level = LogLevel.Error, Message = "Model {ModelId}, which is on trial, cannot score the batch of vehicle {Vin} at {Position}; it starts anew with the vehicle")]
    public static partial void TrialFailed(this ILogger logger, Exception exception, string modelId, string vin, TopicPartitionOffset position);
}
