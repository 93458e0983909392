namespace Kappa.Iot.Demo;

/// <summary>What the first demo of a folder was: a later one goes on with its fleet and its history.</summary>
/// <param name="Vehicles">Size of the fleet.</param>
/// <param name="From">When the fleet's history begins.</param>
internal sealed record FirstRun(int Vehicles, DateTimeOffset From)
{
    /// <summary>Reads the folder's first run, or notes this one as the first.</summary>
    /// <exception cref="DemoException">The folder belongs to another fleet.</exception>
    public static FirstRun LoadOrNote(DemoOptions options, DateTimeOffset now)
    {
        var file = Path.Combine(options.Data, "demo.json");
        if (!File.Exists(file))
        {
            var first = new FirstRun(options.Vehicles, now - options.History);
            StateFile.Write(file, first);
            return first;
        }

        var kept = StateFile.Read<FirstRun>(file);
        return kept.Vehicles == options.Vehicles
            ? kept
            : throw new DemoException($"{options.Data} holds a fleet of {kept.Vehicles} vehicles. Go on with --vehicles {kept.Vehicles}, begin anew with --reset, or choose another folder with --data.");
    }
}
