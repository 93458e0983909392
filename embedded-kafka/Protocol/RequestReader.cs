using System.Buffers.Binary;
using System.Text;
using Kappa.Iot.Embedded.Network;

namespace Kappa.Iot.Embedded.Protocol;

/// <summary>
/// Reads the fields of one request in order. Every length is checked against the bytes that are there, so that a hostile size
/// costs an exception and no memory.
/// </summary>
internal sealed class RequestReader(MemoryBudget? budget = null)
{
    private const int MaxElements = 1_000_000;

    /// <summary>Arrays with fewer elements altogether are free; the rest is charged with what an element costs once it is an object.</summary>
    private const int FreeElements = 10_000;
    private const int BytesPerElement = 128;

    /// <summary>Strict: what stands in for wrong bytes could make a name longer than it may be in an answer.</summary>
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private Memory<byte> _data;
    private int _position;
    private int _elements;
    private long _paid;

    /// <summary>Whether lengths are compact varints and structures end with tagged fields (flexible versions).</summary>
    public bool Flexible { get; set; }

    public int Remaining => _data.Length - _position;

    public void Reset(Memory<byte> data, bool flexible = false)
    {
        _data = data;
        _position = 0;
        _elements = 0;
        budget?.Return(_paid);
        _paid = 0;
        Flexible = flexible;
    }

    public bool Bool() => Int8() != 0;

    public sbyte Int8() => (sbyte)Take(1)[0];

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public Guid Uuid() => new(Take(16), bigEndian: true);

    public string String() => NullableString() ?? throw new MalformedRequestException($"A string at byte {_position} is null.");

    public string? NullableString()
    {
        var length = Flexible ? CompactLength() : Int16();
        return length < 0 ? null : Text(length);
    }

    /// <summary>The client id of a request header, which keeps its old form in flexible versions too.</summary>
    public string? HeaderString()
    {
        var length = Int16();
        return length < 0 ? null : Text(length);
    }

    public Memory<byte> Bytes() => NullableBytes() ?? throw new MalformedRequestException($"A byte field at byte {_position} is null.");

    /// <summary>A view into the request: valid until the request has been answered.</summary>
    public Memory<byte>? NullableBytes()
    {
        var length = Flexible ? CompactLength() : Int32();
        if (length < 0)
            return null;

        Need(length);
        var bytes = _data.Slice(_position, length);
        _position += length;
        return bytes;
    }

    /// <summary>The number of elements that follow, or -1 for null.</summary>
    public int ArrayLength()
    {
        var length = Flexible ? CompactLength() : Int32();
        if (length < 0)
            return -1;
        if (length > Remaining || length > MaxElements - _elements)
            throw new MalformedRequestException($"An array at byte {_position} claims {length} elements; {Remaining} bytes remain.");

        _elements += length;
        if (_elements > FreeElements && budget is not null)
        {
            var price = (long)_elements * BytesPerElement - _paid;
            budget.Take(price);
            _paid += price;
        }

        return length;
    }

    /// <summary>An array that may not be null (a null one reads as empty).</summary>
    public T[] Array<T>(Func<RequestReader, T> element) => NullableArray(element) ?? [];

    public T[]? NullableArray<T>(Func<RequestReader, T> element)
    {
        var length = ArrayLength();
        if (length < 0)
            return null;

        // Grows as elements are really read: a claimed length alone allocates nothing.
        var items = new List<T>(Math.Min(length, 1024));
        for (var i = 0; i < length; i++)
            items.Add(element(this));
        return [.. items];
    }

    public int[] Int32Array() => Array(static r => r.Int32());

    public string[] StringArray() => Array(static r => r.String());

    /// <summary>Skips the tagged fields at the end of a structure; does nothing in versions that have none.</summary>
    public void Tags()
    {
        if (!Flexible)
            return;

        for (var count = UnsignedVarInt(); count > 0; count--)
        {
            UnsignedVarInt();
            var size = UnsignedVarInt();
            if (size > (uint)Remaining)
                throw new MalformedRequestException($"A tagged field at byte {_position} claims {size} bytes; {Remaining} remain.");
            _position += (int)size;
        }
    }

    private int CompactLength()
    {
        var value = UnsignedVarInt();
        if (value > int.MaxValue)
            throw new MalformedRequestException($"A length at byte {_position} is out of range.");
        return (int)value - 1;
    }

    private uint UnsignedVarInt()
    {
        uint value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var b = Take(1)[0];
            value |= (uint)(b & 0x7f) << shift;
            if ((b & 0x80) == 0)
                return value;
        }

        throw new MalformedRequestException($"A varint at byte {_position} is longer than five bytes.");
    }

    private string Text(int length)
    {
        if (length > short.MaxValue)
            throw new MalformedRequestException($"A string at byte {_position} has {length} bytes; at most {short.MaxValue} are allowed.");
        try
        {
            return Utf8.GetString(Take(length));
        }
        catch (DecoderFallbackException)
        {
            throw new MalformedRequestException($"The string before byte {_position} is not UTF-8.");
        }
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        Need(count);
        var span = _data.Span.Slice(_position, count);
        _position += count;
        return span;
    }

    private void Need(int count)
    {
        if (count > Remaining)
            throw new MalformedRequestException($"{count} bytes are needed at byte {_position}, and {Remaining} remain.");
    }
}
