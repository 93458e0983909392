using System.Globalization;

namespace Kappa.Iot.TrainingJob.Evaluation;

/// <summary>A fault that is known to be in a trip.</summary>
/// <param name="Trip">The trip's vehicle id or file name without ending.</param>
/// <param name="Kind">What kind of fault.</param>
/// <param name="FromSecond">Its start, in seconds since the trip's first sample.</param>
/// <param name="ToSecond">Its end.</param>
internal sealed record Fault(string Trip, string Kind, double FromSecond, double ToSecond)
{
    /// <summary>Reads labels: columns <c>trip,fault,from_second,to_second</c>; rows without a fault name normal trips.</summary>
    /// <exception cref="CommandException">The file is no such table.</exception>
    public static IReadOnlyList<Fault> Read(string file)
    {
        if (!File.Exists(file)) throw new CommandException($"There is no file '{file}'.");
        var lines = File.ReadAllLines(file);
        var header = lines.Length == 0 ? [] : lines[0].Split(',');
        int Column(string name) => Array.IndexOf(header, name) is var at and >= 0
            ? at
            : throw new CommandException($"{file} is no table of faults: its first line lacks '{name}' (wanted: trip,fault,from_second,to_second).");
        int trip = Column("trip"), kind = Column("fault"), from = Column("from_second"), to = Column("to_second");
        var faults = new List<Fault>();
        for (var i = 1; i < lines.Length; i++)
        {
            var cells = lines[i].Split(',');
            if (cells.Length != header.Length) throw new CommandException($"{file}, line {i + 1}: {cells.Length} cells instead of {header.Length}.");
            if (cells[kind].Length == 0) continue;
            if (!double.TryParse(cells[from], CultureInfo.InvariantCulture, out var first) || !double.TryParse(cells[to], CultureInfo.InvariantCulture, out var last) || last < first)
                throw new CommandException($"{file}, line {i + 1}: from_second '{cells[from]}' and to_second '{cells[to]}' are no span of time.");
            faults.Add(new Fault(cells[trip], cells[kind], first, last));
        }
        return faults;
    }
}
