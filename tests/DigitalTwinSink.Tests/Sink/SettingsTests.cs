namespace Kappa.Iot.DigitalTwinSink.Tests;

public sealed class SettingsTests
{
    [Fact]
    public async Task Wrong_settings_stop_the_sink_at_its_start_and_it_says_which()
    {
        await using var sink = SinkProcess.Start("127.0.0.1:1", "postgres://me:secret@host/db", "wrong", "--Sink:MaxBatch", "0", "--Sink:MaxWait", "-00:00:01");
        Assert.Equal(2, await sink.ExitAsync());
        Assert.Contains("Twins:ConnectionString: ", sink.Output, StringComparison.Ordinal);
        Assert.Contains("Sink:MaxBatch is 0", sink.Output, StringComparison.Ordinal);
        Assert.Contains("Sink:MaxWait is -00:00:01", sink.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", sink.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", sink.Output, StringComparison.Ordinal);
    }
}
