using System.Text.Json;

namespace Kappa.Iot.Demo;

/// <summary>A small file that one demo leaves for the next one with the same data.</summary>
internal static class StateFile
{
    /// <exception cref="DemoException">It is damaged.</exception>
    public static T Read<T>(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(file)) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new DemoException($"{file} is damaged ({e.Message}). Begin anew with --reset, or choose another folder with --data.");
        }
    }

    /// <summary>All of it or nothing.</summary>
    public static void Write<T>(string file, T state)
    {
        var fresh = file + ".new";
        File.WriteAllText(fresh, JsonSerializer.Serialize(state));
        File.Move(fresh, file, overwrite: true);
    }
}
