using System.Buffers.Binary;
using System.Text;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Network;

namespace Kappa.Iot.Embedded.Protocol;

/// <summary>Writes the fields of one response in order, into a pooled buffer that it owns.</summary>
internal sealed class ResponseWriter(MemoryBudget? budget = null) : IDisposable
{
    private const int MaxMessage = 1_000;

    private readonly PooledBuffer _buffer = new(budget);
    private readonly List<(int At, LogRange Range)> _ranges = [];

    /// <summary>Whether lengths are compact varints and structures end with tagged fields (flexible versions).</summary>
    public bool Flexible { get; set; }

    public int Length { get; private set; }

    /// <summary>What belongs in between, from the segments' files: in front of which byte of <see cref="Written"/>.</summary>
    public IReadOnlyList<(int At, LogRange Range)> Ranges => _ranges;

    /// <summary>Bytes of the whole answer, ranges included.</summary>
    public int Size => checked(Length + _ranges.Sum(r => r.Range.Size));

    public ReadOnlyMemory<byte> Written => _buffer.Array.AsMemory(0, Length);

    /// <summary>Starts over, and gives a large buffer back.</summary>
    public void Reset()
    {
        Truncate(0);
        Flexible = false;
        _buffer.Shrink();
    }

    /// <summary>Makes room for <paramref name="wanted"/> more bytes, or for as much as there is memory for.</summary>
    /// <returns>The bytes there is room for.</returns>
    public int Offer(int wanted)
    {
        while (wanted > _buffer.Size - Length)
        {
            try
            {
                _buffer.Grow(checked(Length + wanted), 0, Length);
            }
            catch (MemoryBudgetException)
            {
                wanted /= 2;
            }
        }

        return wanted;
    }

    public void Truncate(int length)
    {
        Release(from: length);
        Length = length;
    }

    public void Bool(bool value) => Int8(value ? (sbyte)1 : (sbyte)0);

    public void Int8(sbyte value) => Reserve(1)[0] = (byte)value;

    public void Int16(short value) => BinaryPrimitives.WriteInt16BigEndian(Reserve(2), value);

    public void Int32(int value) => BinaryPrimitives.WriteInt32BigEndian(Reserve(4), value);

    public void Int32At(int position, int value) => BinaryPrimitives.WriteInt32BigEndian(_buffer.Array.AsSpan(position, 4), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64BigEndian(Reserve(8), value);

    public void Uuid(Guid value) => value.TryWriteBytes(Reserve(16), bigEndian: true, out _);

    public void Error(ErrorCode code) => Int16((short)code);

    public void String(string? value)
    {
        if (value is null)
        {
            if (Flexible)
                UnsignedVarInt(0);
            else
                Int16(-1);
            return;
        }

        var size = Encoding.UTF8.GetByteCount(value);
        if (Flexible)
            UnsignedVarInt((uint)size + 1);
        else
            Int16(checked((short)size));
        Encoding.UTF8.GetBytes(value, Reserve(size));
    }

    /// <summary>Words for people. They may quote a name as long as there are, so they are cut.</summary>
    public void Message(string? text) => String(text is { Length: > MaxMessage } ? text[..MaxMessage] + "..." : text);

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Bytes(value.Length));

    /// <summary>A byte field whose content is to be filled in.</summary>
    public Span<byte> Bytes(int size)
    {
        BytesLength(size);
        return Reserve(size);
    }

    /// <summary>A byte field whose content is sent from its file. The writer owns the range from here on.</summary>
    public void Bytes(LogRange range)
    {
        BytesLength(range.Size);
        _ranges.Add((Length, range));
    }

    /// <summary>The length of an array; its elements follow. -1 stands for null.</summary>
    public void ArrayLength(int count)
    {
        if (Flexible)
            UnsignedVarInt((uint)(count + 1));
        else
            Int32(count);
    }

    public void Array<T>(IReadOnlyCollection<T> items, Action<ResponseWriter, T> element)
    {
        ArrayLength(items.Count);
        foreach (var item in items)
            element(this, item);
    }

    public void Int32Array(IReadOnlyCollection<int> values) => Array(values, static (w, v) => w.Int32(v));

    /// <summary>No tagged fields; writes nothing in versions that have none.</summary>
    public void Tags()
    {
        if (Flexible)
            UnsignedVarInt(0);
    }

    public void UnsignedVarInt(uint value)
    {
        while (value >= 0x80)
        {
            Reserve(1)[0] = (byte)(value | 0x80);
            value >>= 7;
        }

        Reserve(1)[0] = (byte)value;
    }

    public void Dispose()
    {
        Release(from: 0);
        _buffer.Dispose();
    }

    private void BytesLength(int size)
    {
        if (Flexible)
            UnsignedVarInt((uint)size + 1);
        else
            Int32(size);
    }

    private void Release(int from)
    {
        for (; _ranges.Count > 0 && _ranges[^1].At >= from; _ranges.RemoveAt(_ranges.Count - 1))
            _ranges[^1].Range.Dispose();
    }

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Size - Length < count)
            _buffer.Grow(Math.Max(checked(Length + count), (int)Math.Min(2L * _buffer.Size, System.Array.MaxLength)), 0, Length);

        var span = _buffer.Array.AsSpan(Length, count);
        Length += count;
        return span;
    }
}
