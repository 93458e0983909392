namespace Kappa.Iot.Embedded.Topics;

/// <summary>The topics in which the broker keeps its own state, with Kafka's names and record formats. One partition each.</summary>
internal static class InternalTopics
{
    public const string Offsets = "__consumer_offsets";
    public const string Transactions = "__transaction_state";

    public static TopicConfig Config { get; } = TopicConfig.Create(new Dictionary<string, string>
    {
        ["cleanup.policy"] = "compact",
        ["segment.bytes"] = "16777216",
        ["max.message.bytes"] = "104857600",
    }).Config!;
}
