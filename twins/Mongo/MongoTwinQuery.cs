using Kappa.Iot.Contracts;
using MongoDB.Bson;

namespace Kappa.Iot.Twins.Mongo;

/// <summary>Queries of the collection, in plain comparisons that every server of the protocol knows.</summary>
internal static class MongoTwinQuery
{
    private const string Profile = "reported.profile";
    private const string Latitude = $"signals.{TwinView.Latitude}.value";
    private const string Longitude = $"signals.{TwinView.Longitude}.value";

    public static IReadOnlyList<BsonDocument> Indexes { get; } =
    [
        new BsonDocument { { Profile, 1 }, { "_id", 1 } },
    ];

    public static BsonDocument Filter(TwinQuery query)
    {
        var filter = new BsonDocument
        {
            { "_id", new BsonDocument("$gt", query.After ?? "") },
            { MongoTwinDocument.Next, new BsonDocument("$exists", false) },
        };
        if (query.Profile is { } profile) filter[Profile] = profile;
        if (query.Online is { } online) filter["presence.online"] = online ? true : new BsonDocument("$ne", true);
        if (query.HasOpenAlerts is { } alerts)
            filter[alerts ? "$or" : "$nor"] = new BsonArray(Enum.GetValues<AlertType>().Select(type => new BsonDocument($"alerts.{TwinFold.AlertKey(type)}.open", true)));
        if (query.Within is { } box)
        {
            filter[Latitude] = new BsonDocument { { "$gte", box.South }, { "$lte", box.North } };
            filter[Longitude] = new BsonDocument { { "$gte", box.West }, { "$lte", box.East } };
        }

        return filter;
    }
}
