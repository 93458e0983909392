using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Microsoft.Extensions.Time.Testing;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>Files with what was cut off a log, and when they go.</summary>
public sealed class AsideTests : IDisposable
{
    private readonly string _directory = Path.Combine(Directory.CreateTempSubdirectory("embedded-kafka-aside-").FullName, "0");
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_directory)!, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Invariant", "1")]
    public void ApplyRetention_RemovesWhatWasSetAsideWhenItsRecordsWouldHaveGone(bool restarted)
    {
        var settings = new LogSettings { Retention = TimeSpan.FromDays(7) };
        Damage(settings);
        _clock.Advance(TimeSpan.FromDays(6));
        var log = Open(settings);
        log.ApplyRetention(TimeSpan.FromDays(1));
        Assert.Equal((1, 1), (log.Aside, Files()));
        if (restarted)
        {
            log.Dispose();
            log = Open(settings);
            Assert.Equal(1, log.Aside);
        }

        _clock.Advance(TimeSpan.FromDays(2));
        log.ApplyRetention(TimeSpan.FromDays(1));
        Assert.Equal((0, 0), (log.Aside, Files()));
        log.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Trait("Invariant", "1")]
    public void ApplyRetention_WhereNothingIsTooOld_KeepsWhatWasSetAside(bool compact)
    {
        var settings = new LogSettings { Compact = compact, Delete = !compact, Retention = compact ? TimeSpan.FromDays(7) : null };
        Damage(settings);
        _clock.Advance(TimeSpan.FromDays(1000));
        using var log = Open(settings);
        log.ApplyRetention(TimeSpan.FromDays(1));
        Assert.Equal((1, 1), (log.Aside, Files()));
    }

    [Fact]
    public void DeleteBefore_OfEverything_RemovesWhatWasSetAside()
    {
        Damage(new LogSettings());
        using var log = Open(new LogSettings());
        log.DeleteBefore(2);
        Assert.Equal(1, Files());
        log.DeleteBefore(-1);
        Assert.Equal((0, 0), (log.Aside, Files()));
    }

    private int Files() => Directory.GetFiles(_directory, "*.cut*").Length;

    /// <summary>Ten records, of which the last three cannot be reached any more.</summary>
    private void Damage(LogSettings settings)
    {
        var sizes = new List<long>();
        using (var log = Open(settings))
        {
            for (var i = 0; i < 10; i++)
            {
                Assert.Equal(ErrorCode.None, log.AppendInternal(RecordBatchBuilder.Build([([1], [(byte)i])], _clock.GetUtcNow().ToUnixTimeMilliseconds())).Error);
                sizes.Add(log.Size);
            }
        }

        var path = Assert.Single(Directory.GetFiles(_directory));
        var written = File.GetLastWriteTimeUtc(path);
        var bytes = File.ReadAllBytes(path);
        bytes[sizes[6] + RecordBatchHeader.CrcStart + 5] ^= 4;
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, written);
        using var damaged = Open(settings);
        Assert.Equal((7, 1), (damaged.EndOffset, damaged.Aside));
        Assert.Equal(written, File.GetLastWriteTimeUtc(Assert.Single(Directory.GetFiles(_directory, "*.cut"))), TimeSpan.FromSeconds(1));
    }

    private PartitionLog Open(LogSettings settings) => PartitionLog.Open("test-0", _directory, settings, _clock, flush: false);
}
