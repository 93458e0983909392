using System.Buffers.Binary;
using System.Text;
using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>A batch's offset is the one field of its header that no checksum covers.</summary>
public sealed class WrongOffsetTests : IDisposable
{
    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("wrong-offset-").FullName, "0");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 31)]
    [InlineData(4, 31)]
    [Trait("Invariant", "1")]
    public void Open_WithABitOfAnOffsetFlipped_EndsTheLogBeforeThatBatch(int wrong, int firstBit)
    {
        for (var bit = firstBit; bit < 64; bit++)
        {
            using (var log = Open())
            {
                for (var i = 0; i < 5; i++)
                    log.AppendInternal(RecordBatchBuilder.Build([([1], Encoding.UTF8.GetBytes($"v{i}")), ([2], (byte[]?)[])], 1));
            }

            var path = Directory.GetFiles(_directory, "*.log").Single();
            var bytes = File.ReadAllBytes(path);
            var at = Enumerable.Range(0, wrong).Aggregate(0, (position, _) => position + RecordBatchHeader.ReadSize(bytes.AsSpan(position)));
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(at), BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(at)) ^ (1L << bit));
            File.WriteAllBytes(path, bytes);

            using (var again = Open())
            {
                Assert.Equal((bit, 2 * wrong), (bit, again.EndOffset));
                Assert.Equal(2 * wrong, again.ReadCommitted().Count());
                Assert.Equal(bytes, File.ReadAllBytes(Assert.Single(Directory.GetFiles(_directory, "*.cut"))));
            }

            Directory.Delete(_directory, recursive: true);
        }
    }

    private PartitionLog Open() => PartitionLog.Open("test-0", _directory, new LogSettings(), TimeProvider.System, flush: false);
}
