using Confluent.Kafka;
using MongoDB.Bson;

namespace Kappa.Iot.Twins.Mongo;

/// <summary>
/// States as documents. The order of a section's fields is the order in which <c>$max</c> compares two versions of it, so it is part of the
/// format: the same as that of the state's records.
/// </summary>
internal static class MongoTwinDocument
{
    /// <summary>Only documents of progress have this field.</summary>
    public const string Next = "next";

    private const string Reported = "reported";
    private const string Signals = "signals";
    private const string Presence = "presence";
    private const string Alerts = "alerts";
    private const string Value = "value";

    public static string ProgressId(TopicPartition partition) => $"progress/{partition.Topic}/{partition.Partition.Value}";

    /// <summary>The sections that a state knows something of, by their paths.</summary>
    public static BsonDocument Sections(TwinState state)
    {
        var sections = new BsonDocument();
        if (state.Reported is { } reported) sections[Reported] = Write(reported);
        foreach (var (path, signal) in state.Signals) sections[$"{Signals}.{path}"] = Write(signal);
        if (state.Presence is { } presence) sections[Presence] = Write(presence);
        foreach (var (type, alert) in state.Alerts) sections[$"{Alerts}.{type}"] = Write(alert);
        return sections;
    }

    public static Twin ToTwin(BsonDocument document)
    {
        var state = new TwinState
        {
            Reported = Section(document, Reported) is { } reported ? ReadReported(reported) : null,
            Presence = Section(document, Presence) is { } presence ? ReadPresence(presence) : null,
        };
        if (Section(document, Signals) is { } signals) ReadSignals(state, signals, "");
        if (Section(document, Alerts) is { } alerts)
        {
            foreach (var alert in alerts) state.Alerts[alert.Name] = ReadAlert(alert.Value.AsBsonDocument);
        }

        return TwinView.Of(document["_id"].AsString, state);
    }

    private static BsonDocument? Section(BsonDocument document, string name) =>
        document.TryGetValue(name, out var section) ? section.AsBsonDocument : null;

    private static BsonDocument Write(ReportedState reported) => new()
    {
        { "boot", Number(reported.Boot) },
        { "sequence", Number(reported.Sequence) },
        { "time", reported.Time },
        { "offset", reported.Offset },
        { "partition", reported.Partition },
        { "profile", reported.Profile },
    };

    private static ReportedState ReadReported(BsonDocument section) => new(
        Number(section["boot"]), Number(section["sequence"]), section["time"].ToInt64(), section["offset"].ToInt64(),
        section["partition"].ToInt32(), section["profile"].AsString);

    private static BsonDocument Write(SignalState signal) => new()
    {
        { "boot", Number(signal.Boot) }, { "sequence", Number(signal.Sequence) }, { "time", signal.Time }, { Value, signal.Value },
    };

    /// <summary>Walks the tree; a signal is where there is a value.</summary>
    private static void ReadSignals(TwinState state, BsonDocument branch, string prefix)
    {
        foreach (var element in branch)
        {
            var path = prefix + element.Name;
            var node = element.Value.AsBsonDocument;
            if (node.TryGetValue(Value, out var value) && value.IsNumeric)
                state.Signals[path] = new SignalState(Number(node["boot"]), Number(node["sequence"]), node["time"].ToInt64(), value.ToDouble());
            else
                ReadSignals(state, node, path + ".");
        }
    }

    private static BsonDocument Write(PresenceState presence) => new()
    {
        { "epoch", Number(presence.Epoch) },
        { "offset", presence.Offset },
        { "partition", presence.Partition },
        { "online", presence.Online },
        { "changedAt", presence.ChangedAt },
        { "reason", presence.Reason },
    };

    private static PresenceState ReadPresence(BsonDocument section) => new(
        Number(section["epoch"]), section["offset"].ToInt64(), section["partition"].ToInt32(), section["online"].AsBoolean,
        section["changedAt"].ToInt64(), section["reason"].ToInt32());

    private static BsonDocument Write(AlertState alert) => new()
    {
        { "offset", alert.Offset },
        { "partition", alert.Partition },
        { "open", alert.Open },
        { "alertId", alert.AlertId },
        { "type", alert.Type },
        { "severity", alert.Severity },
        { "raisedAt", alert.RaisedAt },
        { "lastSeen", alert.LastSeen },
        { "score", alert.Score },
        { "modelId", alert.ModelId },
    };

    private static AlertState ReadAlert(BsonDocument section) => new(
        section["offset"].ToInt64(), section["partition"].ToInt32(), section["open"].AsBoolean, section["alertId"].AsString,
        section["type"].ToInt32(), section["severity"].ToInt32(), section["raisedAt"].ToInt64(), section["lastSeen"].ToInt64(),
        section["score"].ToDouble(), section["modelId"].AsString);

    /// <summary>MongoDB's numbers are signed.</summary>
    private static long Number(ulong value) =>
        value <= long.MaxValue ? (long)value : throw new ArgumentOutOfRangeException(nameof(value), value, $"Boot ids, sequences and session epochs go to {long.MaxValue} in a twin.");

    private static ulong Number(BsonValue value) => (ulong)value.ToInt64();
}
