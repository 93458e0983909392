using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kappa.Iot.Embedded.Terminal;

/// <summary>
/// The file behind <c>--config</c>: a JSON object with the properties of <see cref="EmbeddedKafkaOptions"/>.
/// Relative paths in it start at the folder of the file.
/// </summary>
internal static class ConfigFile
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        Converters = { new ClockTime() },
    };

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
                : (Locate(json.Deserialize<EmbeddedKafkaOptions>(Json)!, Path.GetDirectoryName(Path.GetFullPath(path))!), json.EnumerateObject().Any(p => p.Name.Equals("port", StringComparison.OrdinalIgnoreCase)));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private static EmbeddedKafkaOptions Locate(EmbeddedKafkaOptions options, string folder)
    {
        string? At(string? path) => string.IsNullOrEmpty(path) ? path : Path.Combine(folder, path);
        return options with { DataDirectory = At(options.DataDirectory), TlsCertificate = At(options.TlsCertificate), TlsKey = At(options.TlsKey) };
    }

    /// <summary>.NET would read "7" as seven days and "24:00:00" as twenty-four, where most who write it mean something else.</summary>
    private sealed class ClockTime : JsonConverter<TimeSpan>
    {
        private static readonly string[] Formats = ["c", @"h\:mm", @"h\:mm\:ss"];

        public override TimeSpan Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && reader.GetString() is { } text && text.Contains(':', StringComparison.Ordinal)
                && TimeSpan.TryParseExact(text, Formats, CultureInfo.InvariantCulture, out var time)
                ? time
                : throw new JsonException("a time is written as \"hh:mm:ss\" or, with days, as \"d.hh:mm:ss\"");

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString("c", CultureInfo.InvariantCulture));
    }
}
