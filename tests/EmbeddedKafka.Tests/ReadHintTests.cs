using System.Reflection;
using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Tests;

public sealed class ReadHintTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"hints-{Guid.NewGuid():N}.log");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Add_AfterTwoThousandMillionReads_GoesOn()
    {
        using var segment = Segment.CreateAt(_path, 0);
        var hints = new ReadHints();
        var counter = typeof(ReadHints).GetField("_next", BindingFlags.Instance | BindingFlags.NonPublic)!;
        counter.SetValue(hints, Convert.ChangeType(int.MaxValue, counter.FieldType, System.Globalization.CultureInfo.InvariantCulture));
        for (var i = 0; i < 20; i++)
        {
            hints.Add(segment, i, 100 * i);
            Assert.Equal(100 * i, hints.Find(segment, i));
        }

        Assert.Null(hints.Find(segment, 3)); // only the last few
    }
}
