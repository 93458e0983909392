using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kappa.Iot.Simulator.Terminal;

/// <summary>How the simulator writes JSON: one object a line, names in snake_case.</summary>
internal static class Json
{
    public static readonly JsonSerializerOptions Lines = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        // For files and pipes, never for HTML: names of people stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Line<T>(T value) => JsonSerializer.Serialize(value, Lines);
}
