using System.Globalization;
using System.IO.Compression;
using System.Text;
using CsvHelper;

namespace Kappa.Iot.Contracts;

/// <summary>
/// Reads a recorded trace (CSV, or CSV in gzip) as the telemetry its vehicles would have sent: up to ten evenly spaced samples a batch.
/// Replaying a trace and training on its file use this same code, so both see the same batches.
/// </summary>
/// <remarks>
/// Columns: <c>time</c> (seconds or milliseconds since 1970, or ISO 8601); <c>vehicle</c> or <c>car</c> (without one, the file's name is
/// the vehicle); signals by VSS path or by the article's names. <c>fault</c> is ignored. An empty cell is a missing sample (NaN). A gap in
/// time closes a batch. Boot id: time of the vehicle's first sample in the file, milliseconds; sequence from 1. Rows of several vehicles
/// may be mixed; memory holds one open batch a vehicle.
/// </remarks>
public sealed class TraceReader : IDisposable
{
    private readonly FileStream _file;
    private readonly CsvReader _csv;
    private readonly TraceHeader _header;
    private readonly TraceOptions _options;
    private readonly Dictionary<string, TraceVehicle> _vehicles = new(StringComparer.Ordinal);
    private readonly string _vehicleOfFile;
    private readonly int _lastColumn;

    private TraceReader(string path, FileStream file, CsvReader csv, TraceHeader header, TraceOptions options)
    {
        Path = path;
        _file = file;
        _csv = csv;
        _header = header;
        _options = options;
        _vehicleOfFile = VehicleOf(path);
        _lastColumn = header.Columns.Select(c => c.Index).Append(header.Time).Append(header.Vehicle).Max();
        Profile = options.Profile ?? (header.IsArticle ? VehicleProfiles.Article : VehicleProfiles.Obd);
    }

    public string Path { get; }

    public string Profile { get; }

    /// <summary>Columns that are neither a signal nor anything else this reader knows; their values are left out.</summary>
    public IReadOnlyList<string> UnknownColumns => _header.Unknown;

    /// <summary>Signals of the batches, in column order.</summary>
    public IReadOnlyList<Signal> Signals => [.. _header.Columns.Select(c => c.Signal)];

    /// <summary>Size of the file, and how much of it has been read.</summary>
    public long TotalBytes => _file.Length;

    public long ReadBytes => _file.Position;

    /// <summary>Opens a trace and reads its header.</summary>
    /// <exception cref="TraceFormatException">It is not a trace.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static TraceReader Open(string path, TraceOptions? options = null)
    {
        var (file, csv) = OpenCsv(path);
        try
        {
            var names = ReadHeader(path, csv);
            if (names.Count == 0) throw new TraceFormatException(path, 0, "the file is empty; the first line must name the columns.");
            var header = TraceHeader.Read(path, names);
            var reader = new TraceReader(path, file, csv, header, options ?? TraceOptions.Default);
            if (header.Vehicle < 0 && !VehicleId.IsValid(reader._vehicleOfFile))
                throw new TraceFormatException(path, 1, $"there is no 'vehicle' column, and the file's name '{reader._vehicleOfFile}' cannot name a vehicle: {IdRule}");
            return reader;
        }
        catch
        {
            csv.Dispose();
            throw;
        }
    }

    /// <summary>Everything in the trace. Can be read once.</summary>
    /// <exception cref="TraceFormatException">A line cannot be read; all lines before it have been.</exception>
    public IEnumerable<TelemetryBatch> ReadBatches()
    {
        var values = new float[_header.Columns.Count];
        while (Guard(Path, _csv, c => c.Read()))
        {
            var (vehicle, time) = ParseRow(values);
            if (vehicle.Add(time, values) is { } batch) yield return batch;
        }

        foreach (var vehicle in _vehicles.Values)
            if (vehicle.Close() is { } batch) yield return batch;
    }

    public void Dispose() => _csv.Dispose();

    /// <summary>Whether a CSV file has a column of a trace at all.</summary>
    internal static bool LooksLikeTrace(string path)
    {
        var (_, csv) = OpenCsv(path);
        using (csv) return TraceHeader.IsTrace(ReadHeader(path, csv));
    }

    private const string IdRule = "1 to 64 letters, digits, '-', '_' or '.'.";

    private static (FileStream File, CsvReader Csv) OpenCsv(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1 << 16, FileOptions.SequentialScan);
        Stream content = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : file;
        // PoolStrings: a vehicle's id is one string, however many rows it has.
        var settings = new CsvReaderOptions { Separator = ',', TrackLineNumbers = true, PoolStrings = true };
        return (file, CsvReader.Create(content, settings, leaveOpen: false));
    }

    private static IReadOnlyList<string> ReadHeader(string path, CsvReader csv)
    {
        Guard(path, csv, c =>
        {
            c.ReadHeader();
            return true;
        });
        return csv.Headers;
    }

    private static bool Guard(string path, CsvReader csv, Func<CsvReader, bool> read)
    {
        try
        {
            return read(csv);
        }
        catch (InvalidDataException e)
        {
            throw new TraceFormatException(path, csv.LineNumber, $"not a gzip file, or damaged after this line ({e.Message})", e);
        }
        catch (CsvFormatException e)
        {
            throw new TraceFormatException(path, e.LineNumber, $"not CSV ({e.Message})", e);
        }
    }

    private (TraceVehicle Vehicle, long TimeMs) ParseRow(Span<float> values)
    {
        if (_csv.FieldCount <= _lastColumn) throw Wrong($"the line ends after {_csv.FieldCount} cells; the header has more columns.");

        var time = ParseTime(_csv.GetSpan(_header.Time));
        for (var i = 0; i < values.Length; i++)
        {
            var column = _header.Columns[i];
            var cell = _csv.GetSpan(column.Index).Trim((byte)' ');
            if (cell.IsEmpty) values[i] = float.NaN;
            else if (double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)) values[i] = (float)(value * column.Factor);
            else throw Wrong($"'{_csv.GetString(column.Index)}' in column '{column.Name}' is not a number.");
        }

        var id = _header.Vehicle < 0 ? _vehicleOfFile : _csv.GetString(_header.Vehicle).Trim();
        if (!_vehicles.TryGetValue(id, out var vehicle))
        {
            if (!VehicleId.IsValid(id)) throw Wrong($"'{id}' cannot name a vehicle: {IdRule}");
            _vehicles[id] = vehicle = new TraceVehicle(id, Profile, _header.Columns, _options);
        }

        return (vehicle, time);
    }

    private long ParseTime(ReadOnlySpan<byte> cell)
    {
        // A hundred thousand million seconds are the year 5138, as many milliseconds 1973.
        if (long.TryParse(cell, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var whole))
            return whole < 100_000_000_000 ? whole * 1000 : whole;
        if (double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number is >= 0 and < 1e15)
            return (long)Math.Round(number < 1e11 ? number * 1000 : number);
        var text = Encoding.UTF8.GetString(cell);
        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)) return date.ToUnixTimeMilliseconds();
        throw Wrong($"'{text}' in column 'time' is not a time: seconds or milliseconds since 1970, or ISO 8601.");
    }

    private TraceFormatException Wrong(string problem) => new(Path, _csv.LineNumber, problem);

    private static string VehicleOf(string path)
    {
        var name = System.IO.Path.GetFileName(path);
        if (name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)) name = name[..^3];
        return name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) ? name[..^4] : name;
    }
}
