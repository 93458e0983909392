using System.Text.Json;
using System.Text.Json.Serialization;
using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Topics;

/// <summary>topic.json: what makes a folder a topic.</summary>
internal sealed record TopicFile(string Name, Guid Id, int Partitions, IReadOnlyDictionary<string, string> Config)
{
    public const string FileName = "topic.json";

    public static TopicFile Load(string directory)
    {
        var path = Path.Combine(directory, FileName);
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), TopicFileJson.Default.TopicFile) is { Name: not null, Config: not null, Partitions: > 0 } file
                ? file
                : throw new InvalidDataException($"{path} has to name the topic, its config and at least one partition.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} cannot be read: {e.Message}", e);
        }
    }

    public void Save(string directory) =>
        AtomicFile.Write(Path.Combine(directory, FileName), JsonSerializer.SerializeToUtf8Bytes(this, TopicFileJson.Default.TopicFile));
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TopicFile))]
internal sealed partial class TopicFileJson : JsonSerializerContext;
