using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using K4os.Compression.LZ4.Streams;
using Snappier;
using ZstdSharp;

namespace Kappa.Iot.Embedded.Log;

/// <summary>
/// Unpacks and packs the records of a batch. Producing and fetching never need it: only lookups by time, compaction and the reading of the
/// broker's own topics look inside a batch.
/// </summary>
internal static class Compression
{
    /// <summary>More than this out of one batch is taken for a decompression bomb.</summary>
    public const int MaxUncompressedSize = 128 * 1024 * 1024;

    /// <summary>Whoever unpacks a batch on behalf of a client holds this meanwhile, so that only so many are in memory at once.</summary>
    public static readonly SemaphoreSlim Gate = new(Environment.ProcessorCount);

    /// <summary>snappy-java's framing: this, two version numbers, then blocks with a 32-bit length each.</summary>
    private static ReadOnlySpan<byte> XerialMagic => [0x82, (byte)'S', (byte)'N', (byte)'A', (byte)'P', (byte)'P', (byte)'Y', 0];

    /// <exception cref="InvalidDataException">The data is not what <paramref name="type"/> says, or unpacks to too much.</exception>
    public static ReadOnlyMemory<byte> Unpack(CompressionType type, ReadOnlyMemory<byte> data)
    {
        if (type == CompressionType.None)
            return data;

        try
        {
            using var input = MemoryMarshal.TryGetArray(data, out var array) ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false) : new MemoryStream(data.ToArray());
            switch (type)
            {
                case CompressionType.Gzip:
                    using (var gzip = new GZipStream(input, CompressionMode.Decompress))
                        return ReadAll(gzip);
                case CompressionType.Lz4:
                    using (var lz4 = LZ4Stream.Decode(input))
                        return ReadAll(lz4);
                case CompressionType.Zstd:
                    using (var zstd = new DecompressionStream(input))
                        return ReadAll(zstd);
                case CompressionType.Snappy:
                    return UnpackSnappy(data.Span);
                default:
                    throw new InvalidDataException($"Compression type {(int)type} is unknown.");
            }
        }
        catch (Exception e) when (e is not InvalidDataException)
        {
            throw new InvalidDataException($"A batch that claims to be {type} cannot be unpacked: {e.Message}", e);
        }
    }

    public static ReadOnlyMemory<byte> Pack(CompressionType type, ReadOnlyMemory<byte> data)
    {
        using var output = new MemoryStream();
        switch (type)
        {
            case CompressionType.None:
                return data;
            case CompressionType.Gzip:
                using (var gzip = new GZipStream(output, CompressionMode.Compress, leaveOpen: true))
                    gzip.Write(data.Span);
                break;
            case CompressionType.Lz4:
                using (var lz4 = LZ4Stream.Encode(output, leaveOpen: true))
                    lz4.Write(data.Span);
                break;
            case CompressionType.Zstd:
                using (var zstd = new CompressionStream(output, leaveOpen: true))
                    zstd.Write(data.Span);
                break;
            case CompressionType.Snappy:
                // One snappy-java block: what every client can read.
                var block = Snappy.CompressToArray(data.Span);
                output.Write(XerialMagic);
                Span<byte> numbers = stackalloc byte[12];
                BinaryPrimitives.WriteInt32BigEndian(numbers, 1);
                BinaryPrimitives.WriteInt32BigEndian(numbers[4..], 1);
                BinaryPrimitives.WriteInt32BigEndian(numbers[8..], block.Length);
                output.Write(numbers);
                output.Write(block);
                break;
        }

        return output.ToArray();
    }

    private static ReadOnlyMemory<byte> UnpackSnappy(ReadOnlySpan<byte> data)
    {
        if (!data.StartsWith(XerialMagic))
        {
            CheckSize(Snappy.GetUncompressedLength(data));
            return Snappy.DecompressToArray(data);
        }

        using var output = new MemoryStream();
        data = data[16..];
        while (!data.IsEmpty)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(data);
            var block = data.Slice(4, length);
            CheckSize(output.Length + Snappy.GetUncompressedLength(block));
            output.Write(Snappy.DecompressToArray(block));
            data = data[(4 + length)..];
        }

        return output.GetBuffer().AsMemory(0, (int)output.Length);
    }

    private static ReadOnlyMemory<byte> ReadAll(Stream stream)
    {
        using var output = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int read;
        while ((read = stream.Read(buffer)) > 0)
        {
            CheckSize(output.Length + read);
            output.Write(buffer, 0, read);
        }

        return output.GetBuffer().AsMemory(0, (int)output.Length);
    }

    private static void CheckSize(long size)
    {
        if (size > MaxUncompressedSize)
            throw new InvalidDataException($"A batch unpacks to more than {MaxUncompressedSize} bytes.");
    }
}
