using System.Buffers.Binary;

namespace Kappa.Iot.Embedded.Tests.Fuzz;

/// <summary>Makes a wrong request out of a right one.</summary>
internal static class Mutation
{
    private static readonly int[] NastyNumbers = [-1, 0, 1, int.MaxValue, int.MinValue, 0x7fff, 0x00ffffff, 0x10000000, -2];

    public static byte[] Apply(byte[] request, Random random)
    {
        var frame = (byte[])request.Clone();
        switch (random.Next(11))
        {
            case < 4:
                for (var flips = random.Next(1, 9); flips > 0; flips--)
                    frame[random.Next(4, frame.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 4:
                return WithLength(frame[..random.Next(4, frame.Length)]);
            case 5:
                var at = random.Next(12, frame.Length + 1);
                var extra = new byte[random.Next(1, 40)];
                random.NextBytes(extra);
                return WithLength([.. frame[..at], .. extra, .. frame[at..]]);
            case 6:
                var from = random.Next(4, frame.Length);
                return WithLength([.. frame[..from], .. frame[Math.Min(frame.Length, from + random.Next(1, 9))..]]);
            case 7:
                if (frame.Length >= 16)
                    BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(random.Next(8, frame.Length - 3)), NastyNumbers[random.Next(NastyNumbers.Length)]);
                break;
            case 8:
                // Where a name or an id begins, it is now as long as one can be.
                var name = random.Next(Math.Min(12, frame.Length), frame.Length + 1);
                return WithLength([.. frame[..name], 0x7f, 0xff, .. Enumerable.Repeat((byte)'n', short.MaxValue), .. frame[name..]]);
            case 9:
                BinaryPrimitives.WriteInt16BigEndian(frame.AsSpan(6), (short)random.Next(-1, 16)); // another version's layout
                break;
            default:
                if (random.Next(3) == 0)
                    BinaryPrimitives.WriteInt32BigEndian(frame, NastyNumbers[random.Next(NastyNumbers.Length)]); // the length itself
                else
                    random.NextBytes(frame.AsSpan(Math.Min(frame.Length, 12)));
                break;
        }

        return frame;
    }

    private static byte[] WithLength(byte[] frame)
    {
        BinaryPrimitives.WriteInt32BigEndian(frame, frame.Length - 4);
        return frame;
    }
}
