using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kappa.Iot.Embedded.Terminal;

/// <summary>The file behind <c>--config</c>: a JSON object with the properties of <see cref="EmbeddedKafkaOptions"/>.</summary>
internal static class ConfigFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <exception cref="InvalidDataException">The file is not JSON, has a key that does not exist, or a value that cannot be right.</exception>
    /// <returns>The options, and whether the file names a port.</returns>
    public static (EmbeddedKafkaOptions Options, bool HasPort) Load(string path)
    {
        try
        {
            var json = JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(path), Json);
            if (json.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException($"{path} has to hold one JSON object.");

            var known = Json.GetTypeInfo(typeof(EmbeddedKafkaOptions)).Properties
                .Where(p => p.AttributeProvider?.IsDefined(typeof(JsonIgnoreAttribute), inherit: true) != true).Select(p => p.Name).ToList();
            var unknown = json.EnumerateObject().Select(p => p.Name).Except(known, StringComparer.OrdinalIgnoreCase).ToList();
            return unknown.Count > 0
                ? throw new InvalidDataException($"{path}: unknown: {string.Join(", ", unknown)}. There are: {string.Join(", ", known.Order())}.")
                : (json.Deserialize<EmbeddedKafkaOptions>(Json)!, json.EnumerateObject().Any(p => p.Name.Equals("port", StringComparison.OrdinalIgnoreCase)));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} cannot be read: {e.Message}", e);
        }
    }
}
