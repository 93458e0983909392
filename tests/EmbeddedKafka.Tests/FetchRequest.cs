using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>A Fetch as bytes, for tests that read the answer in their own way.</summary>
internal static class FetchRequest
{
    /// <summary>Everything of partition 0 of the topic <c>t</c> from offset 0 on.</summary>
    public static byte[] Of(int maxBytes)
    {
        using var writer = new ResponseWriter();
        writer.Int32(0);
        writer.Int16((short)ApiKey.Fetch);
        writer.Int16(4);
        writer.Int32(1);
        writer.String("raw");
        writer.Int32(-1);
        writer.Int32(100);
        writer.Int32(1);
        writer.Int32(maxBytes);
        writer.Int8(0);
        writer.ArrayLength(1);
        writer.String("t");
        writer.ArrayLength(1);
        writer.Int32(0);
        writer.Int64(0);
        writer.Int32(maxBytes);
        writer.Int32At(0, writer.Length - 4);
        return writer.Written.ToArray();
    }
}
