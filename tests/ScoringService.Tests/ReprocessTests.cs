using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>The log is scored again.</summary>
public sealed class ReprocessTests(TestLog log)
{
    private const int Vehicles = 20;
    private const int Batches = 372; // an hour and two minutes of event time
    private const string Beginning = "2025-10-09T08:00:00Z"; // before the fleet's first batch

    [Fact]
    [Trait("Invariant", "3")]
    [Trait("Invariant", "4")]
    public async Task Live_scores_and_alerts_are_bit_for_bit_those_of_a_reprocessing_whatever_was_killed_and_however_it_was_batched()
    {
        var scenario = await Scenario.CreateAsync(log);
        var live = await ScoreLiveAsync(scenario);
        var (scores, alerts) = (await live.ReadScoreBytesAsync(), await live.ReadAlertBytesAsync());
        Assert.Equal(Vehicles * Batches, scores.Count);
        Assert.NotEmpty(alerts);

        var small = Name("small");
        string[] begin = ["reprocess", "--code", "--from", Beginning, "--generation", small, "--json", "--snapshot-every", "5"];
        await using (var killed = live.Command(null, [.. begin, "--batch", "7", "--workers", "1"]))
        {
            await WaitForScoresAsync(live.Of(small), 200, killed);
            await killed.KillAsync();
        }

        Assert.InRange((await live.Of(small).ReadScoresAsync()).Count, 200, scores.Count - 1); // it was killed in the middle
        await using (var continued = live.Command(null, [.. begin, "--batch", "331", "--workers", "2"]))
        {
            var outcome = Json(await continued.WaitAsync());
            Assert.InRange(outcome.GetProperty("records_this_run").GetInt64(), 1, outcome.GetProperty("records").GetInt64() - 200);
        }

        Assert.Equal(0, Mismatches(scores, await live.Of(small).ReadScoreBytesAsync()));
        Assert.Equal(0, Mismatches(alerts, await live.Of(small).ReadAlertBytesAsync()));

        var large = Name("large");
        await using (var whole = live.Command(null, "reprocess", "--code", "--from", Beginning, "--generation", large, "--workers", "2")) await whole.WaitAsync();
        Assert.Equal(0, Mismatches(scores, await live.Of(large).ReadScoreBytesAsync()));
        Assert.Equal(0, Mismatches(alerts, await live.Of(large).ReadAlertBytesAsync()));
        Assert.Equal(3, (await log.ReadAsync(live.DeadLetters)).Count); // those of the live run, not again

        // The comparison can fail: one batch of this copy of the telemetry says something else.
        var changed = await CopyWithOneBatchChangedAsync(scenario);
        var mutated = Name("mutated");
        await using (var other = live.Command(changed.Topic, "reprocess", "--code", "--from", Beginning, "--generation", mutated)) await other.WaitAsync();
        var differing = Mismatches(scores, await live.Of(mutated).ReadScoreBytesAsync());
        Assert.InRange(differing, 1, Batches);
        var others = (await live.Of(mutated).ReadScoresAsync()).Except(await live.ReadScoresAsync()).Select(s => s.Score.Vin).Distinct();
        Assert.Equal([changed.Vin], others);
    }

    /// <summary>Duplicates, late and poisoned records, a reboot, faults, a change of the model, small transactions, kills, rebalances.</summary>
    private async Task<Scoring> ScoreLiveAsync(Scenario scenario)
    {
        var first = await log.PromoteAsync(scenario.Name);
        var fleet = new Fleet(scenario.Name, Vehicles, seed: 21, faults: true);
        var live = await scenario.CreateScoringAsync("live");
        string[] busy = ["--Scoring:MaxBatch=40", "--Scoring:MaxWait=00:00:00.050", "--Scoring:SnapshotEvery=4"];
        await using (var killed = live.Start("one", busy))
        {
            Write(1, 60);
            await WaitForScoresAsync(live, Vehicles * 20, killed);
            await killed.KillAsync();
        }

        await using (var one = live.Start("one", busy))
        await using (var two = live.Start("two", [.. busy, "--Scoring:Parallelism=1", "--Scoring:MaxBatch=17"]))
        {
            // They share the partitions; one dies, the other takes over what it had, and leaves in order.
            Write(61, 200);
            await WaitForScoresAsync(live, Vehicles * 90, one);
            await one.KillAsync();
            await WaitForScoresAsync(live, Vehicles * 200, two);
            await two.StopAsync();
        }

        await using (var scorer = live.Start("one", busy))
        {
            log.WriteRaw(scenario.Telemetry, 0, "CAR-21-0000"u8.ToArray(), [0xff, 0xff, 0xff, 0x07]);
            log.WriteRaw(scenario.Telemetry, 1, null, null);
            log.WriteRaw(scenario.Telemetry, 2, "CAR-21-0001"u8.ToArray(), new Fleet(scenario.Name, 1, seed: 4).Batch(0, 1).ToByteArray());
            Write(201, 300);
            await WaitForScoresAsync(live, Vehicles * 300, scorer);
            var second = await log.PromoteAsync(scenario.Name);
            for (var written = 308; written <= Batches; written += 8)
            {
                Write(written - 7, written);
                await WaitForScoresAsync(live, Vehicles * written, scorer);
            }

            Assert.Equal([first, second], (await live.ReadScoresAsync()).Select(s => s.Score.ModelId).Distinct());
            await scorer.StopAsync();
        }

        return live;

        void Write(int from, int to) => log.Write(scenario.Telemetry, fleet.Batches(to - from + 1, from, boot: from > 200 ? 2ul : 1ul).SelectMany((batch, i) => (TelemetryBatch[])
        [
            batch,
            .. i % 3 == 0 ? [batch] : Array.Empty<TelemetryBatch>(), // at once again
            .. i % 7 == 0 && from > 200 ? [fleet.Batch(i % Vehicles, from - 50)] : Array.Empty<TelemetryBatch>(), // from before the reboot
        ]));
    }

    private async Task<(string Topic, string Vin)> CopyWithOneBatchChangedAsync(Scenario scenario)
    {
        var records = await log.ReadAsync(scenario.Telemetry);
        var copy = await log.CreateTopicAsync($"{scenario.Name}-changed", scenario.Partitions);
        var vin = "";
        foreach (var record in records.Where(record => record.Message.Value is not null))
        {
            // Each of its copies: whichever comes first is the one that counts.
            if (!TryParse(record.Message.Value, out var batch) || batch.BootId != 1 || batch.Sequence != 50 || (vin.Length > 0 && batch.Vin != vin)) continue;
            vin = batch.Vin;
            foreach (var column in batch.Columns)
            {
                for (var i = 0; i < column.Values.Count; i++) column.Values[i] += 25;
            }

            record.Message.Value = batch.ToByteArray();
        }

        log.Copy(copy, records);
        return (copy, vin);
    }

    private static bool TryParse(byte[] value, out TelemetryBatch batch)
    {
        try
        {
            batch = TelemetryBatch.Parser.ParseFrom(value);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            batch = new();
            return false;
        }
    }

    /// <summary>How many records are not the same, place by place.</summary>
    private static int Mismatches(List<string> one, List<string> other) =>
        one.Zip(other).Count(pair => pair.First != pair.Second) + Math.Abs(one.Count - other.Count);

    private static Task WaitForScoresAsync(Scoring scoring, int count, ScorerProcess process) => scoring.WaitForScoresAsync(count, process);

    private static JsonElement Json(string output) => JsonDocument.Parse(output.Split('\n').Single(line => line.StartsWith('{'))).RootElement;

    private static string Name(string what) => string.Create(CultureInfo.InvariantCulture, $"{what}-{Guid.NewGuid():N}")[..20];
}
