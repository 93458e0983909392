using System.Globalization;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>All recorded trips that are there (<c>shared/data/obd/dev</c>), scored live under every kind of trouble, and again.</summary>
public sealed class RecordedTripsTests(TestLog log)
{
    private const string Beginning = "2000-01-01T00:00:00Z"; // before the first trip

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Invariant", "2")]
    [Trait("Invariant", "3")]
    [Trait("Invariant", "5")]
    public async Task Live_scores_and_alerts_of_all_recorded_trips_are_bit_for_bit_those_of_a_replay()
    {
        var scenario = await Scenario.CreateAsync(log, partitions: 8);
        var trips = Trips("dev", scenario.Name, int.MaxValue);
        var batches = InTurn(trips);
        var live = await ScoreLiveAsync(scenario, batches);
        var (scores, alerts) = (await live.ReadScoreBytesAsync(), await live.ReadAlertBytesAsync());
        Assert.Equal(batches.Count, scores.Count);
        Assert.NotEmpty(alerts);

        var once = Name("once");
        await using (var killed = live.Command(null, Reprocess(once, "--batch", "7", "--workers", "1", "--snapshot-every", "5")))
        {
            await live.Of(once).WaitForScoresAsync(500, killed);
            await killed.KillAsync();
        }

        Assert.InRange((await live.Of(once).ReadScoresAsync()).Count, 500, scores.Count - 1); // it was killed in the middle
        await using (var continued = live.Command(null, Reprocess(once, "--batch", "1000", "--workers", "2", "--snapshot-every", "5"))) await continued.WaitAsync();
        var twice = Name("twice");
        await using (var whole = live.Command(null, Reprocess(twice, "--batch", "61", "--workers", "2"))) await whole.WaitAsync();
        foreach (var generation in (string[])[once, twice])
        {
            Assert.Equal(0, Mismatches(scores, await live.Of(generation).ReadScoreBytesAsync()));
            Assert.Equal(0, Mismatches(alerts, await live.Of(generation).ReadAlertBytesAsync()));
        }

        var (topic, vin) = await CopyWithOneSampleChangedAsync(scenario);
        var mutated = Name("mutated");
        await using (var other = live.Command(topic, Reprocess(mutated))) await other.WaitAsync();
        var differing = Mismatches(scores, await live.Of(mutated).ReadScoreBytesAsync());
        Assert.InRange(differing, 1, trips.Max(trip => trip.Count));
        Assert.Equal([vin], (await live.Of(mutated).ReadScoresAsync()).Except(await live.ReadScoresAsync()).Select(s => s.Score.Vin).Distinct());

        var judged = (await live.ReadScoresAsync()).Count(s => s.Score.Contributions.Count > 0);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{trips.Count} trips, {scores.Count} scores ({judged} judged) and {alerts.Count} changes of alerts by 2 models: 0 mismatches in 2 replays; {differing} mismatches with one sample changed."));
    }

    /// <summary>Several scorers with different sizes of batch, of which some are killed and some leave, and another model from the middle on.</summary>
    private async Task<Scoring> ScoreLiveAsync(Scenario scenario, List<TelemetryBatch> batches)
    {
        var first = await log.PublishAsync(scenario.Name, Train(skip: 0));
        await log.PromoteIdAsync(first);
        var live = await scenario.CreateScoringAsync("live");
        string[] busy = ["--Scoring:MaxWait=00:00:00.050", "--Scoring:SnapshotEvery=4"];
        var (quarter, half) = (batches.Count / 4, batches.Count / 2);
        log.Write(scenario.Telemetry, batches.Take(quarter));
        await using (var killed = live.Start("one", [.. busy, "--Scoring:MaxBatch=40"]))
        {
            await live.WaitForScoresAsync(quarter / 2, killed);
            await killed.KillAsync();
        }

        await using (var one = live.Start("one", [.. busy, "--Scoring:MaxBatch=300", "--Scoring:Parallelism=2"]))
        await using (var two = live.Start("two", [.. busy, "--Scoring:MaxBatch=17", "--Scoring:Parallelism=1"]))
        {
            log.Write(scenario.Telemetry, batches[quarter..half]);
            await live.WaitForScoresAsync(quarter + (quarter / 2), one);
            await one.KillAsync(); // the other takes over what it had
            await live.WaitForScoresAsync(half, two);
            await two.StopAsync();
        }

        await using (var one = live.Start("one", [.. busy, "--Scoring:MaxBatch=100"]))
        {
            var second = await log.PublishAsync(scenario.Name, Train(skip: 8));
            await log.PromoteIdAsync(second);
            for (var written = half; written < batches.Count; written += 1000)
            {
                log.Write(scenario.Telemetry, batches[written..Math.Min(written + 1000, batches.Count)]);
                await live.WaitForScoresAsync(Math.Min(written + 500, batches.Count), one);
            }

            await using var two = live.Start("two", busy); // joins at the end
            await live.WaitForScoresAsync(batches.Count, one);
            Assert.Equal(new[] { first, second }.Order(), (await live.ReadScoresAsync()).Select(s => s.Score.ModelId).Distinct().Order());
            await one.KillAsync();
            await two.StopAsync();
        }

        return live;
    }

    private static byte[] Train(int skip)
    {
        var set = new TrainingSet("any", TrainingOptions.Quick);
        foreach (var batch in Trips("train", "any", skip + 8).Skip(skip).SelectMany(trip => trip)) set.Add(batch);
        return VirtualSensorTrainer.Train(set, TrainingOptions.Quick).Artifact;
    }

    private static List<List<TelemetryBatch>> Trips(string part, string profile, int atMost) =>
        [.. TraceFiles.Find(Folder(part), out _).Take(atMost).Select(file =>
        {
            using var reader = TraceReader.Open(file, TraceOptions.Default with { Profile = profile });
            return reader.ReadBatches().ToList();
        })];

    /// <summary>As if all trips began together.</summary>
    private static List<TelemetryBatch> InTurn(List<List<TelemetryBatch>> trips) =>
        [.. Enumerable.Range(0, trips.Max(trip => trip.Count)).SelectMany(i => trips.Where(trip => i < trip.Count).Select(trip => trip[i]))];

    private static string Folder(string part)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var folder = Path.Combine(at.FullName, "shared", "data", "obd", part);
            if (Directory.Exists(folder)) return folder;
        }

        Assert.Skip($"The recorded trips (shared/data/obd/{part}) are not beside the repository.");
        return "";
    }

    private async Task<(string Topic, string Vin)> CopyWithOneSampleChangedAsync(Scenario scenario)
    {
        var records = await log.ReadAsync(scenario.Telemetry);
        var topic = await log.CreateTopicAsync($"{scenario.Name}-changed", scenario.Partitions);
        var record = records[records.Count / 3];
        var batch = TelemetryBatch.Parser.ParseFrom(record.Message.Value);
        var values = batch.Columns.First(column => column.Values.Any(float.IsFinite)).Values;
        values[values.ToList().FindIndex(float.IsFinite)] += 100;
        record.Message.Value = Google.Protobuf.MessageExtensions.ToByteArray(batch);
        log.Copy(topic, records);
        return (topic, batch.Vin);
    }

    private static string[] Reprocess(string generation, params string[] more) => ["reprocess", "--code", "--from", Beginning, "--generation", generation, .. more];

    /// <summary>How many records are not the same, place by place.</summary>
    private static int Mismatches(List<string> one, List<string> other) =>
        one.Zip(other).Count(pair => pair.First != pair.Second) + Math.Abs(one.Count - other.Count);

    private static string Name(string what) => string.Create(CultureInfo.InvariantCulture, $"{what}-{Guid.NewGuid():N}")[..20];
}
