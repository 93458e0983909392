namespace Kappa.Iot.Contracts;

/// <summary>Finds the traces that a path stands for.</summary>
public static class TraceFiles
{
    /// <summary>A file as it is; of a folder, all <c>.csv</c> and <c>.csv.gz</c> in it that are traces, by name.</summary>
    /// <param name="skipped">CSV files of the folder that are none: neither a <c>time</c> column nor one of a known signal.</param>
    /// <exception cref="FileNotFoundException">There is no such path, or no trace in it.</exception>
    /// <exception cref="TraceFormatException">A file cannot be read.</exception>
    public static IReadOnlyList<string> Find(string path, out IReadOnlyList<string> skipped)
    {
        skipped = [];
        if (File.Exists(path)) return [path];
        if (!Directory.Exists(path)) throw new FileNotFoundException($"There is no file or folder '{path}'.", path);

        var candidates = Directory.EnumerateFiles(path).Where(IsCsv).Order(StringComparer.Ordinal).ToList();
        var traces = candidates.Where(TraceReader.LooksLikeTrace).ToList();
        skipped = [.. candidates.Except(traces)];
        if (traces.Count == 0)
            throw new FileNotFoundException($"There is no trace in the folder '{path}': none of its {candidates.Count} files *.csv and *.csv.gz has a 'time' column.", path);
        return traces;
    }

    private static bool IsCsv(string path) =>
        path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".csv.gz", StringComparison.OrdinalIgnoreCase);
}
