using System.Text.Json;

namespace Kappa.Iot.Demo.Counting;

/// <summary>The vehicles of the simulator, as its roster file has them: a JSON object with a <c>vin</c> a line.</summary>
internal static class Roster
{
    public static async Task<IReadOnlySet<string>> ReadAsync(string file)
    {
        var vins = new HashSet<string>();
        await foreach (var line in File.ReadLinesAsync(file))
        {
            using var vehicle = JsonDocument.Parse(line);
            vins.Add(vehicle.RootElement.GetProperty("vin").GetString()!);
        }

        return vins;
    }
}
