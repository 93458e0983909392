namespace Kappa.Iot.Contracts;

/// <summary>What the columns of a trace are.</summary>
internal sealed class TraceHeader
{
    private static readonly string[] VehicleColumns = ["vehicle", "car", "vin"];

    /// <summary>Known and of no use: the labels of faults are not for detectors.</summary>
    private static readonly string[] Ignored = ["fault"];

    private TraceHeader(int time, int vehicle, bool article, IReadOnlyList<Column> columns, IReadOnlyList<string> unknown)
    {
        Time = time;
        Vehicle = vehicle;
        IsArticle = article;
        Columns = columns;
        Unknown = unknown;
    }

    public int Time { get; }

    /// <summary>-1 where the file's name names the vehicle.</summary>
    public int Vehicle { get; }

    public bool IsArticle { get; }

    public IReadOnlyList<Column> Columns { get; }

    public IReadOnlyList<string> Unknown { get; }

    /// <param name="Factor">Turns the trace's unit into the catalogue's.</param>
    public sealed record Column(int Index, string Name, Signal Signal, double Factor);

    /// <exception cref="TraceFormatException">A column is missing or there twice.</exception>
    public static TraceHeader Read(string file, IReadOnlyList<string> names)
    {
        int time = -1, vehicle = -1;
        var article = false;
        var columns = new List<Column>();
        var unknown = new List<string>();
        for (var i = 0; i < names.Count; i++)
        {
            var name = names[i].Trim().TrimStart('\uFEFF');
            if (Is(name, "time")) time = time < 0 ? i : throw new TraceFormatException(file, 1, "there are two 'time' columns.");
            else if (VehicleColumns.Any(v => Is(name, v))) vehicle = vehicle < 0 ? i : throw new TraceFormatException(file, 1, $"two columns name the vehicle: '{names[vehicle]}' and '{name}'.");
            else if (SignalCatalogue.Find(name) is { } signal) columns.Add(new Column(i, name, signal, 1));
            else if (ArticleColumns.TryGet(name, out signal!, out var factor))
            {
                columns.Add(new Column(i, name, signal, factor));
                article = true;
            }
            else if (!Ignored.Any(v => Is(name, v))) unknown.Add(name);
        }

        if (time < 0) throw new TraceFormatException(file, 1, "there is no 'time' column (seconds or milliseconds since 1970).");
        if (columns.Count == 0)
            throw new TraceFormatException(file, 1, $"no column is a signal of the catalogue; there are {string.Join(", ", unknown.Take(8))}. Name columns by VSS path, such as Vehicle.OBD.EngineSpeed, or as the article does, such as coolant_temp.");
        if (columns.GroupBy(c => c.Signal.Id).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new TraceFormatException(file, 1, $"the columns {string.Join(" and ", twice.Select(c => $"'{c.Name}'"))} are the same signal.");
        return new TraceHeader(time, vehicle, article, columns, unknown);
    }

    /// <summary>True if a time or a signal is among the names.</summary>
    public static bool IsTrace(IReadOnlyList<string> names) => names.Select(n => n.Trim().TrimStart('\uFEFF'))
        .Any(n => Is(n, "time") || SignalCatalogue.Find(n) is not null || ArticleColumns.TryGet(n, out _, out _));

    private static bool Is(string name, string expected) => string.Equals(name, expected, StringComparison.OrdinalIgnoreCase);
}
