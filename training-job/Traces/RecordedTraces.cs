using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.TrainingJob.Traces;

/// <summary>Recorded trips in a folder of CSV files (<c>.csv</c>, <c>.csv.gz</c>): <c>time</c> in milliseconds, <c>vehicle</c>, then signals by their VSS path.</summary>
internal static class RecordedTraces
{
    private const int BatchSamples = 10;

    /// <summary>The trace files of a folder, by name.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static IReadOnlyList<string> Files(string folder)
    {
        if (!Directory.Exists(folder)) throw new CommandException($"There is no folder '{folder}'.");
        string[] files = [.. Directory.EnumerateFiles(folder).Where(IsTrace).Order(StringComparer.Ordinal)];
        return files.Length > 0 ? files : throw new CommandException($"There are no traces (*.csv, *.csv.gz) in '{folder}'.");
    }

    /// <summary>Reads all traces of a folder into a training set, and says in the lineage what they were.</summary>
    public static void Read(string folder, TrainingSet set, Lineage lineage, IProgress<double> progress, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = Files(folder);
        for (var i = 0; i < files.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var batch in Batches(files[i], set.Profile))
            {
                if (set.Add(batch)) hash.AppendData(batch.ToByteArray());
            }
            progress.Report((i + 1.0) / files.Count);
        }
        lineage.Source = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        lineage.DataFingerprint = Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>A trace as the vehicle would have sent it, ten samples a batch.</summary>
    /// <exception cref="InvalidDataException">The file is no trace.</exception>
    public static IEnumerable<TelemetryBatch> Batches(string file, string profile)
    {
        using var reader = Open(file);
        var header = reader.ReadLine()?.Split(',') ?? throw new InvalidDataException($"{file} is empty.");
        int time = Array.IndexOf(header, "time"), vehicle = Array.IndexOf(header, "vehicle");
        var signals = header.Select(SignalCatalogue.Find).ToArray();
        if (time < 0 || vehicle < 0 || signals.All(signal => signal is null))
            throw new InvalidDataException($"{file} is no trace: its first line must name 'time', 'vehicle' and signals by their VSS path.");

        TelemetryBatch? batch = null;
        var sequence = 0UL;
        for (var line = 2; reader.ReadLine() is { } text; line++)
        {
            var cells = text.Split(',');
            if (cells.Length != header.Length || !long.TryParse(cells[time], CultureInfo.InvariantCulture, out var ms))
                throw new InvalidDataException($"{file}, line {line}: {cells.Length} cells instead of {header.Length}, or a time that is no number.");
            var samples = batch?.Columns[0].Values.Count ?? 0;
            if (batch is not null && (samples == BatchSamples || ms != batch.StartTimeMs + samples * batch.SampleIntervalMs || cells[vehicle] != batch.Vin))
            {
                yield return batch;
                batch = null;
            }
            batch ??= Begin(cells[vehicle], profile, ++sequence, ms, signals);
            Append(batch, cells, signals);
        }
        if (batch is not null) yield return batch;
    }

    private static bool IsTrace(string file) =>
        (file.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) || file.EndsWith(".csv.gz", StringComparison.OrdinalIgnoreCase))
        && !Path.GetFileName(file).Equals("labels.csv", StringComparison.OrdinalIgnoreCase);

    private static StreamReader Open(string file)
    {
        Stream stream = File.OpenRead(file);
        return new StreamReader(file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(stream, CompressionMode.Decompress) : stream);
    }

    private static TelemetryBatch Begin(string vehicle, string profile, ulong sequence, long ms, Signal?[] signals)
    {
        var batch = new TelemetryBatch { Vin = vehicle, Profile = profile, BootId = 1, Sequence = sequence, StartTimeMs = ms, SampleIntervalMs = 1000 };
        batch.Columns.AddRange(signals.OfType<Signal>().Select(signal => new SignalColumn { Signal = signal.Id }));
        return batch;
    }

    private static void Append(TelemetryBatch batch, string[] cells, Signal?[] signals)
    {
        var column = 0;
        for (var c = 0; c < cells.Length; c++)
        {
            if (signals[c] is null) continue;
            batch.Columns[column++].Values.Add(float.TryParse(cells[c], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : float.NaN);
        }
    }
}
