using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Publishing;
using Kappa.Iot.Simulator.Replay;

namespace Kappa.Iot.Simulator.Tests.EndToEnd;

public sealed class ReplayTests
{
    [Fact]
    public async Task What_a_replay_sends_is_bit_for_bit_what_a_reader_of_the_files_sees()
    {
        using var folder = new TemporaryFolder();
        for (var car = 1; car <= 5; car++)
            await File.WriteAllLinesAsync(folder.File($"trip{car}.csv"), Trace(car), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder.File("labels.csv"), "trip,fault\ntrip1,\n", TestContext.Current.CancellationToken);
        await using var broker = await TestBroker.StartAsync();
        await using var replay = new ReplayRun(
            new ReplayOptions { Path = folder.Path, Speed = null, Parallel = 3 }, new BrokerOptions { Host = "127.0.0.1", Port = broker.Port }, TimeProvider.System);

        Assert.Contains(replay.Notes, n => n.Contains("labels.csv", StringComparison.Ordinal));
        Assert.True(await replay.RunAsync(TestContext.Current.CancellationToken));

        var expected = TraceFiles.Find(folder.Path, out _).SelectMany(f =>
        {
            using var reader = TraceReader.Open(f);
            return reader.ReadBatches().ToList();
        });
        Assert.Equal(
            expected.OrderBy(b => (b.Vin, b.Sequence)).Select(b => b.ToByteString()),
            broker.Batches.OrderBy(b => (b.Vin, b.Sequence)).Select(b => b.ToByteString()));
        Assert.Equal((5, broker.Distinct), (replay.Summary.Vehicles, replay.Summary.Acknowledged));
        Assert.Empty(broker.Errors);
    }

    [Fact]
    public async Task A_line_that_cannot_be_read_ends_the_replay_and_is_named()
    {
        using var folder = new TemporaryFolder();
        var lines = Trace(1).ToList();
        lines[40] = lines[40].Replace(",", ",oops", StringComparison.Ordinal);
        var file = folder.File("trip.csv");
        await File.WriteAllLinesAsync(file, lines, TestContext.Current.CancellationToken);
        await using var broker = await TestBroker.StartAsync();

        using var run = await SimulatorProcess.RunAsync("replay", file, "--speed", "max", "--json", "--broker", broker.Address);

        Assert.Equal(1, run.ExitCode);
        Assert.Contains($"{file}, line 41:", run.Error, StringComparison.Ordinal);
        Assert.Equal(3, broker.Distinct);
        Assert.True(run.Last.GetProperty("final").GetBoolean());
    }

    [Fact]
    public async Task As_of_now_a_trace_begins_now()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("trip.csv");
        await File.WriteAllLinesAsync(file, Trace(1).Take(3), TestContext.Current.CancellationToken);
        await using var broker = await TestBroker.StartAsync();
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await using var replay = new ReplayRun(
            new ReplayOptions { Path = file, AsOfNow = true }, new BrokerOptions { Host = "127.0.0.1", Port = broker.Port }, TimeProvider.System);

        Assert.True(await replay.RunAsync(TestContext.Current.CancellationToken));
        var batch = Assert.Single(broker.Batches);
        Assert.InRange(batch.StartTimeMs, before, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 2000);
        Assert.Equal((ulong)batch.StartTimeMs, batch.BootId);
    }

    private static IEnumerable<string> Trace(int car)
    {
        yield return "time,Vehicle.OBD.EngineSpeed,Vehicle.OBD.Speed";
        for (var i = 0; i < 95; i++) yield return $"{1_700_000_000_000 + (i * 1000L)},{800 + (car * i)},{(i % 7 == 0 ? "" : i)}";
    }
}
