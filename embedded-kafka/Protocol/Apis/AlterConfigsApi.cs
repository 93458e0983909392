using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Replaces a topic's settings as a whole.</summary>
internal static class AlterConfigsApi
{
    public static void Handle(Call call)
    {
        var request = call.Request;
        var resources = request.Array(static r =>
        {
            var resource = (Type: r.Int8(), Name: r.String(), Values: r.Array(static c =>
            {
                var config = KeyValuePair.Create(c.String(), c.NullableString());
                c.Tags();
                return config;
            }));
            r.Tags();
            return resource;
        });
        var validateOnly = request.Bool();
        WriteResults(call, resources.Select(r => (r.Type, r.Name, Apply(
            call.Broker, r.Type, r.Name, validateOnly, _ => r.Values.Where(v => v.Value is not null).Select(v => KeyValuePair.Create(v.Key, v.Value!))))).ToList());
    }

    /// <summary>Computes a topic's new settings from its old ones, checks them, and puts them in force.</summary>
    public static (ErrorCode Error, string? Message) Apply(
        Broker broker, sbyte type, string name, bool validateOnly, Func<TopicConfig, IEnumerable<KeyValuePair<string, string>>> change)
    {
        if (type != DescribeConfigsApi.TopicResource)
            return (ErrorCode.InvalidRequest, "Only the settings of topics can be changed while the server runs.");
        if (broker.Topics.Find(name) is not { } topic)
            return (ErrorCode.UnknownTopicOrPartition, $"There is no topic '{name}'.");

        var (config, error) = TopicConfig.Create(change(topic.Config));
        if (config is null)
            return (ErrorCode.InvalidConfig, error);
        return validateOnly || broker.Topics.SetConfig(name, config) ? (ErrorCode.None, null) : (ErrorCode.UnknownTopicOrPartition, null);
    }

    public static void WriteResults(Call call, IReadOnlyCollection<(sbyte Type, string Name, (ErrorCode Error, string? Message) Result)> results)
    {
        var response = call.Response;
        response.Int32(0);
        response.Array(results, static (w, entry) =>
        {
            w.Error(entry.Result.Error);
            w.String(entry.Result.Message);
            w.Int8(entry.Type);
            w.String(entry.Name);
            w.Tags();
        });
        response.Tags();
    }
}
