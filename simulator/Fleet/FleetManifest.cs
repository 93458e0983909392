using System.Text.Json;
using Kappa.Iot.Simulator.Physics;

namespace Kappa.Iot.Simulator.Fleet;

/// <summary>What a fleet with a state folder is, written once: later lives must be the same fleet.</summary>
/// <param name="StartMs">Event time of the fleet's first samples.</param>
/// <param name="HistoryEndMs">When the first life began: what lies before is history, and is driven even if the simulator was killed meanwhile.</param>
/// <param name="FaultsOn">Somebody has switched faults on.</param>
internal sealed record FleetManifest(
    int Version, int Vehicles, IReadOnlyList<string> Profiles, string City, ulong Seed, long SampleIntervalMs, long BatchMs, long StartMs, long HistoryEndMs, bool FaultsOn)
{
    private const string File = "fleet.json";
    private const int Current = 1;

    public static FleetManifest Create(FleetOptions options, long nowMs) => new(
        Current, options.Vehicles, options.Profiles, options.City.Name, options.Seed, (long)options.SampleInterval.TotalMilliseconds,
        (long)options.Batch.TotalMilliseconds, nowMs - (long)options.History.TotalMilliseconds, nowMs, false);

    /// <returns>Null where the folder has no fleet yet.</returns>
    /// <exception cref="InvalidDataException">It has, and it is another one.</exception>
    public static FleetManifest? Load(string folder, FleetOptions options)
    {
        var path = Path.Combine(folder, File);
        if (!System.IO.File.Exists(path)) return null;
        FleetManifest kept;
        try
        {
            kept = JsonSerializer.Deserialize<FleetManifest>(System.IO.File.ReadAllBytes(path), Terminal.Json.Lines)
                ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} cannot be read ({e.Message}). Delete the folder to begin a new fleet.", e);
        }

        var asked = Create(options, 0);
        var differences = new List<string>();
        if (kept.Version != asked.Version) differences.Add($"format {kept.Version} instead of {asked.Version}");
        if (kept.Vehicles != asked.Vehicles) differences.Add($"--vehicles {kept.Vehicles}");
        if (!kept.Profiles.SequenceEqual(asked.Profiles)) differences.Add($"--profiles {string.Join(',', kept.Profiles)}");
        if (kept.City != asked.City) differences.Add($"--city {kept.City}");
        if (kept.Seed != asked.Seed) differences.Add($"--seed {kept.Seed}");
        if (kept.SampleIntervalMs != asked.SampleIntervalMs) differences.Add($"--sample-interval {kept.SampleIntervalMs}ms");
        if (kept.BatchMs != asked.BatchMs) differences.Add($"--batch {kept.BatchMs}ms");
        if (differences.Count > 0)
            throw new InvalidDataException($"{path} is of another fleet: {string.Join(", ", differences)}. Use the same options, or give --state a new folder.");
        return kept;
    }

    public void Save(string folder)
    {
        var path = Path.Combine(folder, File);
        var fresh = path + ".new";
        System.IO.File.WriteAllBytes(fresh, JsonSerializer.SerializeToUtf8Bytes(this, Terminal.Json.Lines));
        System.IO.File.Move(fresh, path, overwrite: true);
    }
}
