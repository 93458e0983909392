using System.Globalization;
using System.IO.Compression;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Tests;

/// <summary>The recorded trips beside the repository; tests that want them are skipped where they are not there.</summary>
internal static class RecordedTrips
{
    public static string Folder(string part)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var folder = Path.Combine(at.FullName, "shared", "data", "obd", part);
            if (Directory.Exists(folder)) return folder;
        }
        Assert.Skip($"The recorded trips (shared/data/obd/{part}) are not beside the repository.");
        return "";
    }

    /// <summary>The trip's batches of ten samples.</summary>
    public static List<TelemetryBatch> Read(string file, int batchSize = 10)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
        var header = reader.ReadLine()!.Split(',');
        var signals = header.Select(SignalCatalogue.Find).ToArray();
        List<TelemetryBatch> batches = [];
        TelemetryBatch? batch = null;
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split(',');
            if (batch is null || batch.Columns[0].Values.Count == batchSize)
            {
                batch = new TelemetryBatch
                {
                    Vin = cells[1],
                    Profile = VehicleProfiles.Obd,
                    BootId = 1,
                    Sequence = (ulong)batches.Count + 1,
                    StartTimeMs = long.Parse(cells[0], CultureInfo.InvariantCulture),
                    SampleIntervalMs = 1000,
                };
                batch.Columns.AddRange(signals.Where(s => s is not null).Select(s => new SignalColumn { Signal = s!.Id }));
                batches.Add(batch);
            }
            var column = 0;
            for (var c = 0; c < signals.Length; c++)
            {
                if (signals[c] is null) continue;
                var value = float.TryParse(cells[c], NumberStyles.Float, CultureInfo.InvariantCulture, out var known) ? known : float.NaN;
                batch.Columns[column++].Values.Add(value);
            }
        }
        return batches;
    }

    public static IEnumerable<string> Files(string part) =>
        Directory.EnumerateFiles(Folder(part), "*.csv.gz").Order(StringComparer.Ordinal);
}
