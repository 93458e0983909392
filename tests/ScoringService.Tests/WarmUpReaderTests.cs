using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>The past is read for models that are to take over.</summary>
public sealed class WarmUpReaderTests(TestLog log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_nobody_wants_any_more_is_not_read_on_and_others_need_not_wait_for_it()
    {
        var scenario = await Scenario.CreateAsync(log, 2);
        var model = TestLog.Load(await log.PublishAsync(scenario.Name));
        log.Write(scenario.Telemetry, new Fleet(scenario.Name, 8, seed: 71).Batches(20));
        var ends = (await log.ReadAsync(scenario.Telemetry)).GroupBy(record => record.Partition.Value).ToDictionary(group => group.Key, group => group.Last().Offset.Value + 1);
        using var reader = Reader(scenario);
        await reader.StartAsync(Cancel);

        // Both stretches go on past what is there: whoever reads them waits for what never comes.
        var (lost, kept) = (new WarmUp(0, scenario.Name, model), new WarmUp(1, scenario.Name, model));
        var (ofLost, ofKept) = (reader.BeginAsync(lost, DateTimeOffset.UnixEpoch, ends[0] + 1_000), reader.BeginAsync(kept, DateTimeOffset.UnixEpoch, ends[1] + 1));
        while (!lost.Folds.Any() || !kept.Folds.Any()) await Task.Delay(50, Cancel);
        lost.Drop();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ofLost.WaitAsync(Patience, Cancel));

        // The other one is read on where it was, and its partition is free for the next model.
        Assert.False(ofKept.IsCompleted);
        log.Copy(scenario.Telemetry, (await log.ReadAsync(scenario.Telemetry)).Where(record => record.Partition.Value == 1).TakeLast(1));
        await ofKept.WaitAsync(Patience, Cancel);
        var next = new WarmUp(0, scenario.Name, model);
        await reader.BeginAsync(next, DateTimeOffset.UnixEpoch, ends[0]).WaitAsync(Patience, Cancel);
        Assert.Equal(lost.Folds.Select(fold => fold.Vin).Order(), next.Folds.Select(fold => fold.Vin).Order());
        await reader.StopAsync(Cancel);
    }

    [Fact]
    public async Task Each_partition_is_read_from_its_own_time_on_whatever_the_others_ask_for()
    {
        var scenario = await Scenario.CreateAsync(log, 2);
        var model = TestLog.Load(await log.PublishAsync(scenario.Name));
        var fleet = new Fleet(scenario.Name, 8, seed: 72);
        log.Write(scenario.Telemetry, fleet.Batches(120));
        var records = await log.ReadAsync(scenario.Telemetry);
        using var reader = Reader(scenario);
        await reader.StartAsync(Cancel);

        var late = DateTimeOffset.FromUnixTimeMilliseconds(fleet.Batch(0, 100).StartTimeMs);
        var (old, young) = (new WarmUp(0, scenario.Name, model), new WarmUp(1, scenario.Name, model));
        await Task.WhenAll(reader.BeginAsync(old, DateTimeOffset.UnixEpoch, End(0)), reader.BeginAsync(young, late, End(1))).WaitAsync(Patience, Cancel);
        Assert.Equal(0, old.From);
        var first = records.Where(record => record.Partition.Value == 1).First(record => record.Message.Timestamp.UnixTimestampMs >= late.ToUnixTimeMilliseconds()).Offset.Value;
        Assert.InRange(young.From, first - (8 * 6), first); // with the minute in which that is
        await reader.StopAsync(Cancel);

        long End(int partition) => records.Last(record => record.Partition.Value == partition).Offset.Value + 1;
    }

    private WarmUpReader Reader(Scenario scenario) => new(
        Options.Create(log.Kafka), Options.Create(new ScoringOptions { Topics = new ScoringTopics { Telemetry = scenario.Telemetry } }), Options.Create(new ModelOptions()), NullLogger<WarmUpReader>.Instance);
}
