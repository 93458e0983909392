using System.IO.Compression;
using Microsoft.ML;

namespace Kappa.Iot.Detection.Training;

/// <summary>Models in ML.NET's own format, the same bytes for the same model.</summary>
internal static class SavedModel
{
    /// <summary>Entries of a saved model carry this time.</summary>
    private static readonly DateTimeOffset EntryTime = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static byte[] Of(MLContext ml, ITransformer fitted, DataViewSchema schema)
    {
        using var saved = new MemoryStream();
        ml.Model.Save(fitted, schema, saved);
        saved.Position = 0;
        using var stream = new MemoryStream();
        using (var from = new ZipArchive(saved, ZipArchiveMode.Read))
        using (var to = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var entry in from.Entries.OrderBy(e => e.FullName, StringComparer.Ordinal))
            {
                var copy = to.CreateEntry(entry.FullName, CompressionLevel.Optimal);
                copy.LastWriteTime = EntryTime;
                using var source = entry.Open();
                using var target = copy.Open();
                source.CopyTo(target);
            }
        }
        return stream.ToArray();
    }
}
