using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>What many vehicles have in common. Two hours of 400 cars in two profiles, three regions, four firmwares, on four partitions.</summary>
public sealed class FleetLevelTests
{
    private const int Cars = 400, Partitions = 4, Minutes = 120;
    private const long Start = 1_760_000_040_000; // on a full minute

    [Fact]
    public void A_bad_firmware_that_makes_many_cars_odd_is_one_alert()
    {
        // From minute 60 to 90, the cars with firmware 7: they are in both profiles and in all regions.
        var changes = Fold(Minute(car => (car % 4 == 3, 0.8f)));
        Assert.Equal([AlertStatus.Active, AlertStatus.Cleared], changes.Select(c => c.Status));
        var raised = changes[0];
        Assert.Equal((FleetDimension.Firmware, "7", FleetMeasure.MeanScore), (raised.Dimension, raised.Value, raised.Measure));
        Assert.Equal(Start + (60 * 60_000L), raised.RaisedAtMs);
        Assert.InRange(raised.Observed, 0.7, 0.9);
        Assert.InRange(raised.Expected, 0.02, 0.2);
        Assert.Equal(raised.AlertId, changes[1].AlertId);
        Assert.Equal((raised.Batches, 600ul), (raised.Odd, changes[1].Batches)); // 100 cars, 6 batches a minute
    }

    [Fact]
    public void A_region_whose_cars_fall_silent_is_one_alert()
    {
        var raised = Fold(Minute(_ => (false, 0), silent: car => car % 3 == 1)).Where(c => c.Status == AlertStatus.Active).ToList();
        Assert.Equal((FleetDimension.Region, FleetMeasure.MessageRate), Assert.Single(raised.Select(a => (a.Dimension, a.Measure))));
    }

    [Fact]
    public void Batches_of_one_profile_that_cannot_be_scored_are_one_alert()
    {
        var raised = Fold(Minute(_ => (false, 0), dead: car => car % 2 == 1)).Where(c => c.Status == AlertStatus.Active && c.Measure == FleetMeasure.DeadLetterRate).ToList();
        Assert.Equal((FleetDimension.Profile, "electric"), Assert.Single(raised.Select(a => (a.Dimension, a.Value))));
    }

    [Fact]
    public void A_partition_whose_vehicles_have_all_gone_is_not_waited_for()
    {
        var raised = Fold(Minute(car => (car % 4 == 3, 0.8f)).Where(b => b.Car / 4 % Partitions != 1 || b.Batch.StartTimeMs < Start + (40 * 60_000L))).Where(c => c.Status == AlertStatus.Active);
        Assert.Equal((FleetDimension.Firmware, "7"), Assert.Single(raised.Select(a => (a.Dimension, a.Value))));
    }

    [Fact]
    public void A_fleet_with_a_few_odd_cars_raises_nothing() => Assert.Empty(Fold(Minute(car => (car % 40 == 0, 0.9f))));

    [Fact]
    [Trait("Invariant", "3")]
    [Trait("Invariant", "5")]
    public void Whatever_the_order_of_the_partitions_and_whenever_it_is_restored_the_alerts_are_the_same()
    {
        var batches = Minute(car => (car % 4 == 3, 0.8f)).ToList();
        var expected = Fold(batches);
        Assert.NotEmpty(expected);
        for (var seed = 1; seed <= 5; seed++) Assert.Equal(expected, Fold(batches, new Random(seed)));
    }

    /// <summary>Each car sends its two hours at once; then all go on in time.</summary>
    [Fact]
    public void A_past_that_is_imported_car_by_car_says_nothing_of_how_many_messages_are_usual()
    {
        var past = Minute(_ => (false, 0)).OrderBy(one => one.Car).ToList();
        var live = Minute(_ => (false, 0)).Select(one =>
        {
            one.Batch.StartTimeMs += Minutes * 60_000L;
            return one;
        }).ToList();
        Assert.Empty(Fold([.. past, .. live]));
    }

    [Fact]
    public void One_clock_that_is_far_ahead_does_not_close_the_minutes_of_all()
    {
        var tally = new FleetTally(0, 1);
        for (var i = 0; i < 100; i++)
        {
            tally.Take(Batch(0, Start + (i * 100)), null);
            if (i % 10 == 0) tally.Take(Batch(1, Start + (long)TimeSpan.FromDays(1000).TotalMilliseconds), null);
        }

        Assert.Empty(tally.TakeClosed());
        tally.Take(Batch(0, Start + 120_000), null);
        Assert.Equal(100ul, Assert.Single(tally.TakeClosed()).Groups.Single(g => g.Dimension == FleetDimension.Profile).Batches);
        // When all go on there, it is the time.
        for (var i = 0; i < 30; i++) tally.Take(Batch(0, Start + (long)TimeSpan.FromHours(5).TotalMilliseconds), null);
        Assert.Single(tally.TakeClosed());
    }

    /// <summary>All batches, in the order of time, with what the scorer says of them.</summary>
    private static IEnumerable<(int Car, TelemetryBatch Batch, Score? Score)> Minute(
        Func<int, (bool Odd, float Score)> fault, Func<int, bool>? silent = null, Func<int, bool>? dead = null)
    {
        var random = new Random(11);
        for (var minute = 0; minute < Minutes; minute++)
        {
            for (var part = 0; part < 6; part++)
            {
                for (var car = 0; car < Cars; car++)
                {
                    var faulty = minute is >= 60 and < 90;
                    if (faulty && silent?.Invoke(car) == true) continue;
                    var (odd, score) = fault(car);
                    var batch = Batch(car, Start + (minute * 60_000L) + (part * 10_000) + (car * 20));
                    yield return (car, batch, faulty && dead?.Invoke(car) == true ? null : new Score { Score_ = faulty && odd ? score : 0.05f + (0.1f * random.NextSingle()) });
                }
            }
        }
    }

    private static TelemetryBatch Batch(int car, long time)
    {
        var batch = new TelemetryBatch { Vin = $"CAR{car}", Profile = car % 2 == 0 ? "combustion" : "electric", StartTimeMs = time };
        foreach (var (signal, value) in (ReadOnlySpan<(uint, float)>)[(70u, 47.5f), (71u, 7f + (5 * (car % 3))), (95u, 4 + (car % 4))])
            batch.Columns.Add(new SignalColumn { Signal = signal, Values = { value } });
        return batch;
    }

    /// <summary>Tallies each partition and folds the minutes; with a random generator, the partitions are told in any order and everything is saved and restored now and then.</summary>
    private static List<FleetAlert> Fold(IEnumerable<(int Car, TelemetryBatch Batch, Score? Score)> batches, Random? random = null)
    {
        var tallies = Enumerable.Range(0, Partitions).Select(partition => new FleetTally(partition, Partitions)).ToArray();
        var minutes = Enumerable.Range(0, Partitions).Select(_ => new Queue<FleetMinute>()).ToArray();
        foreach (var (car, batch, score) in batches)
        {
            var partition = car / 4 % Partitions;
            if (score is null) tallies[partition].TakeDeadLetter(batch);
            else tallies[partition].Take(batch, score);
            foreach (var minute in tallies[partition].TakeClosed()) minutes[partition].Enqueue(minute);
            if (random?.Next(1_000) == 0) tallies[partition] = FleetTally.Restore(partition, Partitions, tallies[partition].Save());
        }

        var (fold, told, changes) = (new FleetFold(), new List<FleetMinute>(), new List<FleetAlert>());
        while (minutes.Any(queue => queue.Count > 0))
        {
            // While a scorer catches up, a partition may be an hour before the others; by the time of writing they are never far apart.
            var least = minutes.Where(queue => queue.Count > 0).Min(queue => queue.Peek().StartMs);
            var next = minutes.Where(queue => queue.Count > 0 && (random is null ? queue.Peek().StartMs == least : queue.Peek().StartMs <= least + 3_600_000)).ToList();
            var minute = next[random?.Next(next.Count) ?? 0].Dequeue();
            told.Add(minute);
            changes.AddRange(fold.Take(minute, WrittenAt(told.Count - 1)));
            if (random?.Next(100) != 0) continue;
            fold = new FleetFold();
            for (var i = 0; i < told.Count; i++) fold.Take(told[i], WrittenAt(i));
        }

        return changes;

        // About real time, four partitions a minute; or as fast as it goes.
        long WrittenAt(int record) => random is null ? record * 15_000L : record * 10L;
    }
}
