using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// Reads batches into objects that are used again, without allocating. It knows the form in which vehicles
/// and gateways write; whatever has another form, or is damaged, goes to Protobuf's own parser. For one thread at a time.
/// </summary>
internal sealed class TelemetryDecoder
{
    private const byte Vin = 0x0A, Profile = 0x12, BootId = 0x18, Sequence = 0x20, StartTime = 0x28, Interval = 0x30, Column = 0x3A, Signal = 0x08, Values = 0x12;
    private const int LongestName = 64, MostNames = 200_000;

    private readonly Stack<SignalColumn> _spare = [];
    // Names that come again and again.
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <param name="value">As it is in the log.</param>
    /// <param name="into">Used for the batch where its form is known.</param>
    /// <returns><paramref name="into"/>, or a batch of its own.</returns>
    /// <exception cref="InvalidProtocolBufferException">It is no batch.</exception>
    public TelemetryBatch Read(byte[] value, TelemetryBatch into) => TryRead(value, into) ? into : TelemetryBatch.Parser.ParseFrom(value);

    private bool TryRead(ReadOnlySpan<byte> rest, TelemetryBatch batch)
    {
        batch.Vin = batch.Profile = "";
        batch.BootId = batch.Sequence = 0;
        batch.StartTimeMs = 0;
        batch.SampleIntervalMs = 0;
        var columns = 0;
        while (!rest.IsEmpty)
        {
            var tag = rest[0];
            rest = rest[1..];
            ulong number = 0;
            ReadOnlySpan<byte> bytes = default;
            if (tag is Vin or Profile or Column ? !TryBytes(ref rest, out bytes) : !TryNumber(ref rest, out number)) return false;
            switch (tag)
            {
                case Vin: if (Name(bytes) is not { } vin) return false; batch.Vin = vin; break;
                case Profile: if (Name(bytes) is not { } profile) return false; batch.Profile = profile; break;
                case BootId: batch.BootId = number; break;
                case Sequence: batch.Sequence = number; break;
                case StartTime: batch.StartTimeMs = (long)number; break;
                case Interval: batch.SampleIntervalMs = (uint)number; break;
                case Column: if (!TryColumn(bytes, Next(batch, columns++))) return false; break;
                default: return false;
            }
        }

        while (batch.Columns.Count > columns)
        {
            _spare.Push(batch.Columns[^1]);
            batch.Columns.RemoveAt(batch.Columns.Count - 1);
        }

        return true;
    }

    private SignalColumn Next(TelemetryBatch batch, int column)
    {
        if (column == batch.Columns.Count) batch.Columns.Add(_spare.TryPop(out var spare) ? spare : new SignalColumn());
        return batch.Columns[column];
    }

    private static bool TryColumn(ReadOnlySpan<byte> rest, SignalColumn column)
    {
        column.Signal = 0;
        var values = ReadOnlySpan<byte>.Empty;
        while (!rest.IsEmpty)
        {
            var tag = rest[0];
            rest = rest[1..];
            if (tag == Signal)
            {
                if (!TryNumber(ref rest, out var signal)) return false;
                column.Signal = (uint)signal;
            }
            else if (tag != Values || !values.IsEmpty || !TryBytes(ref rest, out values))
            {
                return false;
            }
        }

        if (values.Length % sizeof(float) != 0) return false;
        var count = values.Length / sizeof(float);
        var target = column.Values;
        if (target.Count > count) target.Clear();
        for (var i = 0; i < target.Count; i++) target[i] = BinaryPrimitives.ReadSingleLittleEndian(values[(i * sizeof(float))..]);
        for (var i = target.Count; i < count; i++) target.Add(BinaryPrimitives.ReadSingleLittleEndian(values[(i * sizeof(float))..]));
        return true;
    }

    private static bool TryBytes(scoped ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (!TryNumber(ref rest, out var length) || length > (ulong)rest.Length) return false;
        bytes = rest[..(int)length];
        rest = rest[(int)length..];
        return true;
    }

    private static bool TryNumber(scoped ref ReadOnlySpan<byte> rest, out ulong number)
    {
        number = 0;
        for (var i = 0; i < rest.Length && i < 9; i++)
        {
            number |= (ulong)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] >= 0x80) continue;
            rest = rest[(i + 1)..];
            return true;
        }

        return false;
    }

    private string? Name(ReadOnlySpan<byte> ascii)
    {
        if (ascii.Length > LongestName) return null;
        Span<char> text = stackalloc char[LongestName];
        if (Ascii.ToUtf16(ascii, text, out var length) != System.Buffers.OperationStatus.Done) return null;
        var names = _names.GetAlternateLookup<ReadOnlySpan<char>>();
        if (names.TryGetValue(text[..length], out var known)) return known;
        if (_names.Count >= MostNames) _names.Clear();
        var name = text[..length].ToString();
        _names.Add(name);
        return name;
    }
}
