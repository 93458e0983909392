using System.Buffers.Binary;
using System.Numerics;

namespace Kappa.Iot.Embedded.Log;

/// <summary>CRC-32C (Castagnoli), the checksum of record batches; one machine instruction per eight bytes where the CPU has it.</summary>
internal static class Crc32C
{
    public static uint Compute(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        while (data.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }

        foreach (var b in data)
            crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
