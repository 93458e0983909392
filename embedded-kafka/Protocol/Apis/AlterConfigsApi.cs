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

    public static (ErrorCode Error, string? Message) Apply(
        Broker broker, sbyte type, string name, bool validateOnly, Func<TopicConfig, IEnumerable<KeyValuePair<string, string>>> change)
    {
        if (type != DescribeConfigsApi.TopicResource)
            return (ErrorCode.InvalidRequest, "Only the settings of topics can be changed while the server runs.");
        try
        {
            return broker.Topics.SetConfig(name, validateOnly, change);
        }
        catch (Exception e) when (broker.IsStorage(e))
        {
            return (ErrorCode.KafkaStorageError, e.Message);
        }
    }

    public static void WriteResults(Call call, IReadOnlyCollection<(sbyte Type, string Name, (ErrorCode Error, string? Message) Result)> results)
    {
        var response = call.Response;
        response.Int32(0);
        response.Array(results, static (w, entry) =>
        {
            w.Error(entry.Result.Error);
            w.Message(entry.Result.Message);
            w.Int8(entry.Type);
            w.String(entry.Name);
            w.Tags();
        });
        response.Tags();
    }
}
