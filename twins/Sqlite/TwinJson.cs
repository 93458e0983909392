using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kappa.Iot.Twins.Sqlite;

/// <summary>A twin's state as JSON, as SQLite keeps it.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TwinState))]
internal sealed partial class TwinJson : JsonSerializerContext
{
    public static string Write(TwinState state) => JsonSerializer.Serialize(state, Default.TwinState);

    public static TwinState Read(string document) =>
        JsonSerializer.Deserialize(document, Default.TwinState) ?? throw new InvalidDataException("A twin in the store is empty.");
}
