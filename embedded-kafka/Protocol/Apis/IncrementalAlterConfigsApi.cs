using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Sets, resets, adds to and takes from single settings of topics.</summary>
internal static class IncrementalAlterConfigsApi
{
    private enum Operation : sbyte
    {
        Set = 0,
        Delete = 1,
        Append = 2,
        Subtract = 3,
    }

    public static void Handle(Call call)
    {
        var request = call.Request;
        var resources = request.Array(static r =>
        {
            var resource = (Type: r.Int8(), Name: r.String(), Changes: r.Array(static c =>
            {
                var change = (Name: c.String(), Operation: (Operation)c.Int8(), Value: c.NullableString());
                c.Tags();
                return change;
            }));
            r.Tags();
            return resource;
        });
        var validateOnly = request.Bool();
        AlterConfigsApi.WriteResults(call, resources.Select(r => (r.Type, r.Name, Check(r.Changes) is { } wrong
            ? (ErrorCode.InvalidRequest, wrong)
            : AlterConfigsApi.Apply(call.Broker, r.Type, r.Name, validateOnly, config => Change(config, r.Changes)))).ToList());
    }

    private static string? Check((string Name, Operation Operation, string? Value)[] changes)
    {
        foreach (var (name, operation, value) in changes)
        {
            if (!Enum.IsDefined(operation))
                return $"{(sbyte)operation} is no operation on {name}: 0 sets it, 1 resets it, 2 adds to it and 3 takes from it.";
            if (value is null && operation != Operation.Delete)
                return $"{name} needs a value.";
        }

        return changes.GroupBy(c => c.Name).FirstOrDefault(g => g.Count() > 1) is { } twice ? $"{twice.Key} is in the request more than once." : null;
    }

    private static Dictionary<string, string> Change(TopicConfig config, (string Name, Operation Operation, string? Value)[] changes)
    {
        var values = new Dictionary<string, string>(config.Values);
        foreach (var (name, operation, value) in changes)
        {
            if (operation == Operation.Delete)
            {
                values.Remove(name);
                continue;
            }

            var list = TopicConfigKey.All.ContainsKey(name) ? config[name].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];
            var given = value!.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            values[name] = operation switch
            {
                Operation.Append => string.Join(',', list.Union(given)),
                Operation.Subtract => string.Join(',', list.Except(given)),
                _ => value!,
            };
        }

        return values;
    }
}
