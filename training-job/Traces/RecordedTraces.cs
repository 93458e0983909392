using System.Security.Cryptography;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.TrainingJob.Log;

namespace Kappa.Iot.TrainingJob.Traces;

/// <summary>Recorded traces (see <see cref="TraceReader"/>) as the telemetry they were or would have been.</summary>
internal static class RecordedTraces
{
    /// <summary>Reads all traces of a folder into a training set, and says in the lineage what they were.</summary>
    /// <param name="folder">A folder of traces, or one trace.</param>
    /// <param name="set">Takes the batches, under its own profile.</param>
    /// <param name="lineage">Told source and fingerprint.</param>
    /// <param name="progress">Told the share that has been read.</param>
    /// <param name="cancel">Stops reading.</param>
    /// <param name="exclusions">Vehicles that are passed over.</param>
    public static void Read(string folder, TrainingSet set, Lineage lineage, IProgress<double> progress, CancellationToken cancel, Exclusions? exclusions = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = TraceFiles.Find(folder, out _);
        for (var i = 0; i < files.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var batch in Batches(files[i], set.Profile))
            {
                if (exclusions?.Drop(batch) != true && set.Add(batch)) hash.AppendData(batch.ToByteArray());
            }
            progress.Report((i + 1.0) / files.Count);
        }
        lineage.Source = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        lineage.DataFingerprint = Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    /// <summary>Reads traces one after the other, as one partition that holds them all.</summary>
    /// <param name="files">The traces.</param>
    /// <param name="profile">Of their vehicles.</param>
    /// <param name="take">Told every batch, its partition and offset.</param>
    /// <param name="progress">Told the share that has been read.</param>
    /// <param name="cancel">Stops reading.</param>
    public static async Task ReadAsync(IReadOnlyList<string> files, string profile, Func<TelemetryBatch, int, long, ValueTask> take, IProgress<double> progress, CancellationToken cancel)
    {
        var offset = 0L;
        for (var i = 0; i < files.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            foreach (var batch in Batches(files[i], profile)) await take(batch, 0, offset++);
            progress.Report((i + 1.0) / files.Count);
        }
    }

    /// <summary>A trace's batches under a profile.</summary>
    public static IEnumerable<TelemetryBatch> Batches(string file, string profile)
    {
        using var reader = TraceReader.Open(file, TraceOptions.Default with { Profile = profile });
        foreach (var batch in reader.ReadBatches()) yield return batch;
    }
}
