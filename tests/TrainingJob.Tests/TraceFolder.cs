namespace Kappa.Iot.TrainingJob.Tests;

/// <summary>Folders of made-up traces: <c>train</c> of normal driving, <c>test</c> with one that has a fault (from second 600) and one that has none. Deleted in the end.</summary>
internal sealed class TraceFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("traces-");

    public TraceFolder()
    {
        for (var v = 0; v < 8; v++) Write(Train, $"normal{v}", v, faultFrom: int.MaxValue);
        Write(Test, "broken", 100, faultFrom: 600);
        Write(Test, "whole", 101, faultFrom: int.MaxValue);
        File.WriteAllText(Labels, "trip,fault,from_second,to_second,seconds\nbroken,hot_engine,600,1200,1200\nwhole,,,,1200\n");
    }

    public string Train => Path.Combine(_folder.FullName, "train");

    public string Test => Path.Combine(_folder.FullName, "test");

    public string Labels => Path.Combine(_folder.FullName, "labels.csv");

    public string PathOf(string name) => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);

    private static void Write(string folder, string name, int seed, int faultFrom)
    {
        Directory.CreateDirectory(folder);
        var random = new Random(seed);
        using var writer = new StreamWriter(Path.Combine(folder, name + ".csv"));
        writer.WriteLine("time,vehicle,Vehicle.OBD.Speed,Vehicle.OBD.EngineLoad,Vehicle.OBD.CoolantTemperature");
        for (var second = 0; second < 1200; second++)
        {
            var speed = 60 + 30 * Math.Sin(second / 60.0 + seed) + random.NextDouble();
            var coolant = 80 + speed * 0.1 + random.NextDouble() + (second >= faultFrom ? 15 : 0);
            writer.WriteLine(FormattableString.Invariant($"{Fleet.Start.AddSeconds(second).ToUnixTimeMilliseconds()},{name},{speed:0.00},{speed * 0.6 + random.NextDouble():0.00},{coolant:0.0}"));
        }
    }
}
