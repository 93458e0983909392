using System.Text;
using Confluent.Kafka;
using Kappa.Iot.Streaming.Tests.Fakes;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.Streaming.Tests.Logic;

/// <summary>Records that no processor can take: they are put aside, once, and everything else is processed once.</summary>
[Trait("Invariant", "2")]
public sealed class PoisonTests
{
    private static readonly string[] Values = [.. Enumerable.Range(0, 1_000).Select(i => $"{i}")];

    [Theory]
    [InlineData(617)]
    [InlineData(0)]
    [InlineData(999)]
    [InlineData(10, 800)]
    [InlineData(500, 501)]
    [InlineData(0, 999)]
    public void A_poisoned_record_is_put_aside_with_its_position_and_all_others_are_processed(params int[] poisoned)
    {
        using var scenario = Poisoned(poisoned, 0, 1, 2);
        scenario.At(1, () =>
        {
            scenario.Log.Write(0, Values);
            scenario.Log.Write(1, Values.Select(value => $"of 1: {value}"));
        }).At(4, () => scenario.Log.Write(2, "late")).At(5, () => Assert.Equal(["late:1"], scenario.Log.Written(2)));
        RunUntil(scenario, () => scenario.Log.Committed(0) == 1_000);

        AssertAllIsDoneOnce(scenario, poisoned);
        Assert.Equal(Scenario.Counted(Values.Select(value => $"of 1: {value}")), scenario.Log.Written(1));
        Assert.Equal(2, scenario.Restores.Count(restore => restore.Next.ContainsKey(1))); // at the beginning, and after the first failure
        Assert.InRange(scenario.Batches.Count(batch => batch.Partition == 1), 1, 2); // it may not have been its turn before the other failed
        Assert.True(scenario.Batches.Last(batch => batch.Partition == 1).At < TimeSpan.FromSeconds(1.5), "The other partition waited.");
        Assert.Equal(0, scenario.Meters.LagRecords.Values.Sum());
    }

    [Fact]
    public void A_dead_letter_says_what_went_wrong_and_when()
    {
        using var scenario = Poisoned([2], 0);
        scenario.At(1, () => scenario.Log.Write(0, Values[..5])).Run(60);

        var letter = Assert.Single(scenario.Log.PutAside);
        Assert.Equal(["reason", "detail", "position", "time"], letter.Headers.Select(header => header.Key));
        Assert.Equal("Unprocessable", Header(letter, "reason"));
        Assert.Equal("System.InvalidOperationException: Not this one.", Header(letter, "detail"));
        Assert.Equal("input/0@2", Header(letter, "position"));
        Assert.InRange(DateTimeOffset.Parse(Header(letter, "time"), null), FakeClock.Noon.AddSeconds(11), FakeClock.Noon.AddSeconds(15));
        Assert.Single(scenario.Said.Collector.GetSnapshot(), said => said.Level == LogLevel.Error);
    }

    [Fact]
    public void A_dead_letter_does_not_grow_with_what_the_exception_says()
    {
        using var scenario = Poisoned([], 0);
        scenario.OnRecord = _ => throw new InvalidOperationException(new string('x', 1_000_000));
        scenario.At(1, () => scenario.Log.Write(0, "a")).Run(20);

        Assert.Equal(2_000, Header(Assert.Single(scenario.Log.PutAside), "detail").Length);
    }

    [Fact]
    public void A_transaction_that_does_not_even_begin_is_no_failure_of_its_records()
    {
        using var scenario = Poisoned([0], 0);
        scenario.At(1, () => scenario.Log.Write(0, "0"))
            .At(3, () => scenario.Log.Fail(Step.BeginTransaction, Failure.Abortable, times: 2))
            .Run(60);

        Assert.Equal(4, scenario.Batches.Count); // three in a row after the first
        Assert.Single(scenario.Log.PutAside);
    }

    [Fact]
    public void After_what_failed_is_passed_batches_are_full_again()
    {
        using var scenario = Poisoned([2], 0);
        scenario.Options = scenario.Options with { MaxBatch = 8 };
        scenario.At(1, () => scenario.Log.Write(0, Values[..32])).Run(30);

        Assert.Equal([8, 4, 2, 1, 1, 1, 5, 8, 8, 8], scenario.Batches.Select(batch => batch.Values.Length)); // 8 and 4 fail, 2 pass, 1 fails thrice, 5 are left of the first
        AssertAllIsDoneOnce(scenario, [2], 32);
    }

    [Fact]
    public void One_record_has_three_tries_each_restored_anew_and_five_seconds_after_the_last()
    {
        using var scenario = Poisoned([0], 0);
        scenario.At(1, () => scenario.Log.Write(0, "0"))
            .At(10, () => scenario.Log.Write(0, "1"))
            .Run(60);

        var tries = scenario.Batches.Where(batch => batch.Values is ["0"]).Select(batch => batch.At).ToList();
        Assert.Equal(3, tries.Count);
        Assert.All(tries.Zip(tries.Skip(1)), pair => Assert.InRange((pair.Second - pair.First).TotalSeconds, 5, 5.5));
        Assert.Equal([0, 0, 0, 0], scenario.Restores.Select(restore => restore.Next[0]));
        Assert.Equal(["1:1"], scenario.Log.Written(0));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(100, 2)]
    [InlineData(100, 5)]
    public void A_failure_that_goes_away_puts_nothing_aside(int records, int failures)
    {
        using var scenario = Poisoned([], 0);
        scenario.OnProcess = _ =>
        {
            if (failures-- > 0) throw new InvalidOperationException("Not now.");
        };
        scenario.At(1, () => scenario.Log.Write(0, Values[..records])).Run(30);

        AssertAllIsDoneOnce(scenario, [], records);
        Assert.Equal(0, scenario.Meters.Of<long>("dead-letters").Sum(measured => measured.Value));
    }

    public static TheoryData<string> OfOthers => ["log", "stopped", "within", "among"];

    [Theory]
    [MemberData(nameof(OfOthers))]
    public void What_is_the_fault_of_the_log_or_was_cancelled_puts_nothing_aside(string kind)
    {
        using var scenario = Poisoned([], 0);
        var failures = 0;
        scenario.OnRecord = value =>
        {
            if (value != "7" || failures++ >= 12) return;
            throw kind switch
            {
                "log" => Failure.Away,
                "stopped" => new TaskCanceledException("It took too long."),
                "within" => new IOException("The state cannot be read.", Failure.Away),
                _ => new AggregateException(new IOException("The state cannot be read."), Failure.Away),
            };
        };
        scenario.At(1, () => scenario.Log.Write(0, Values[..20])).Run(70);

        Assert.Equal(13, scenario.Batches.Count(batch => batch.Values.Length == 20)); // and so it is not narrowed down
        AssertAllIsDoneOnce(scenario, [], 20);
    }

    [Fact]
    public void Without_a_topic_for_dead_letters_the_same_records_are_tried_for_ever()
    {
        using var scenario = Poisoned([7], 0, 1);
        scenario.Options = scenario.Options with { DeadLetterTopic = null };
        scenario.At(1, () => scenario.Log.Write(0, Values[..20]))
            .At(60, () => scenario.OnRecord = null)
            .Run(80);

        Assert.InRange(scenario.Batches.Count, 12, 30);
        Assert.All(scenario.Batches, batch => Assert.Equal(Values[..20], batch.Values));
        AssertAllIsDoneOnce(scenario, [], 20);
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(4, false)]
    public void Where_the_commit_of_a_dead_letter_fails_or_its_answer_is_lost_it_is_put_aside_once(int times, bool answerIsLost)
    {
        using var scenario = Poisoned([7], 0);
        var skipped = 0;
        scenario.OnSkip = _ =>
        {
            if (skipped++ == 0) scenario.Log.Fail(Step.CommitTransaction, Failure.Abortable, times, after: answerIsLost);
            return null;
        };
        scenario.At(1, () => scenario.Log.Write(0, Values[..20])).Run(70);

        Assert.Equal(answerIsLost ? 1 : 1 + times, skipped);
        Assert.Equal(3, scenario.Batches.Count(batch => batch.Values is ["7"])); // it is not tried again after that is decided
        AssertAllIsDoneOnce(scenario, [7], 20);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Where_everything_is_lost_as_a_record_is_put_aside_it_is_put_aside_once(bool isCommitted)
    {
        using var scenario = Poisoned([7], 0);
        var skipped = 0;
        scenario.OnSkip = _ =>
        {
            if (skipped++ > 0) return null;
            scenario.Log.Fail(Step.CommitTransaction, Failure.Abortable, after: isCommitted);
            scenario.Log.Fail(Step.Read, Failure.ReaderBroken); // it joins anew, and knows nothing
            return null;
        };
        scenario.At(1, () => scenario.Log.Write(0, Values[..20])).Run(70);

        Assert.Equal(2, scenario.Log.Consumers);
        Assert.Equal(isCommitted ? 1 : 2, skipped);
        Assert.Equal(isCommitted ? 3 : 6, scenario.Batches.Count(batch => batch.Values is ["7"])); // it is narrowed down again
        AssertAllIsWrittenOnce(scenario, [7], 20);
    }

    [Fact]
    public void A_processor_goes_on_after_a_record_was_put_aside_and_may_note_that_with_it()
    {
        using var scenario = Poisoned([7], 0);
        scenario.OnSkip = value => $"{value} is passed over";
        scenario.At(1, () => scenario.Log.Write(0, Values[..20])).Run(70);

        Assert.Contains(scenario.Log.Transactions, written => written is ["7", "7 is passed over"]);
        Assert.Equal(7, scenario.Restores[^1].Next[0]); // it is not restored for that
        Assert.Equal(20, scenario.Log.Committed(0));
    }

    [Fact]
    public void A_processor_that_cannot_even_go_on_without_the_record_is_tried_until_it_can()
    {
        using var scenario = Poisoned([7], 0, 1);
        var failures = 0;
        scenario.OnSkip = _ => failures++ < 6 ? throw new IOException("Not that either.") : null;
        scenario.At(1, () => scenario.Log.Write(0, Values[..20]))
            .At(25, () => scenario.Log.Write(1, "a"))
            .At(26, () => Assert.Equal(["a:1"], scenario.Log.Written(1)))
            .Run(100);

        Assert.Equal("System.InvalidOperationException: Not this one.", Header(Assert.Single(scenario.Log.PutAside), "detail"));
        Assert.Equal(20, scenario.Log.Committed(0));
    }

    [Fact]
    public void A_processor_that_fails_at_every_record_puts_some_aside_and_then_waits_until_it_can_go_on()
    {
        using var scenario = Poisoned([], 0, 1);
        scenario.Options = scenario.Options with { DeadLettersInARow = 4, MaxBatch = 50 };
        var works = false;
        scenario.OnRecord = value =>
        {
            if (!works && !value.StartsWith("of 1", StringComparison.Ordinal)) throw new IOException("A file is missing.");
        };
        scenario.At(1, () => scenario.Log.Write(0, Values[..100]))
            .At(150, () =>
            {
                Assert.Equal(["0", "1", "2", "3"], scenario.Log.PutAside.Select(letter => Encoding.UTF8.GetString(letter.Value)));
                Assert.Equal(4, scenario.Log.Committed(0));
                Assert.Equal(96, scenario.Meters.LagRecords[0]);
                var said = scenario.Said.Collector.GetSnapshot().Where(record => record.Level == LogLevel.Critical).ToList();
                Assert.True(said.Count > 5, "It is not said again and again.");
                Assert.All(said, record => Assert.Contains("input/0@4", record.Message, StringComparison.Ordinal));
            })
            .At(151, () => scenario.Log.Write(1, "of 1"))
            .At(152, () => Assert.Equal(["of 1:1"], scenario.Log.Written(1)))
            .At(153, () => works = true)
            .At(170, () => Assert.Equal(Scenario.Counted(Values[4..100]), scenario.Log.Written(0)))
            .At(171, () =>
            {
                scenario.OnRecord = value => Assert.NotEqual("bad", value); // it has gone on: now one may be put aside again
                scenario.Log.Write(0, "bad", "good");
            }).Run(200);

        Assert.Equal(["0", "1", "2", "3", "bad"], scenario.Log.PutAside.Select(letter => Encoding.UTF8.GetString(letter.Value)));
        Assert.Equal("good:97", scenario.Log.Written(0)[^1]);
        Assert.Equal(5, scenario.Meters.Of<long>("dead-letters").Sum(measured => measured.Value));
    }

    [Fact]
    public void A_poisoned_record_at_the_end_of_bounds_is_put_aside_and_the_end_committed()
    {
        using var scenario = Poisoned([9], 0);
        scenario.Options = scenario.Options with
        {
            Bounds = new Dictionary<TopicPartition, LogRange> { [new(FakeLog.Input, 0)] = new(new TopicPartition(FakeLog.Input, 0), 0, 11) },
        };
        scenario.Log.WriteInTransaction(0, commit: true, Values[..10]); // its mark has offset 10
        scenario.Log.Write(0, "beyond");
        scenario.Run(30);

        AssertAllIsDoneOnce(scenario, [9], 10, end: 11);
    }

    [Fact]
    public void While_a_partition_is_narrowed_down_no_more_of_it_is_read_and_all_of_it_is_behind()
    {
        using var scenario = Poisoned([40], 0);
        scenario.At(1, () => scenario.Log.Write(0, Values[..100]))
            .At(2, () => scenario.Log.Write(0, Values[100..]))
            .At(9, () =>
            {
                Assert.Equal(100, scenario.Log.Taken[0]);
                Assert.InRange(scenario.Log.Committed(0) ?? 0, 1, 40);
                Assert.Equal(1_000 - scenario.Log.Committed(0), scenario.Meters.LagRecords[0]);
                Assert.Equal([0], scenario.Log.Reader!.Paused);
            });
        RunUntil(scenario, () => scenario.Log.Committed(0) == 1_000);

        AssertAllIsDoneOnce(scenario, [40]);
    }

    [Fact]
    public void While_a_partition_is_narrowed_down_others_are_not_done_again_for_that()
    {
        using var scenario = Poisoned([40], 0, 1);
        scenario.At(1, () => scenario.Log.Write(0, Values[..100]));
        var others = Values.Select(value => $"of 1: {value}").Take(300).ToList();
        for (var i = 0; i < others.Count; i++)
        {
            var value = others[i];
            scenario.At(2 + i * 0.1, () => scenario.Log.Write(1, value));
        }

        scenario.Run(40);

        Assert.Equal(Scenario.Counted(others), scenario.Log.Written(1));
        Assert.Single(scenario.Restores, restore => restore.Next.ContainsKey(1)); // at the beginning
        AssertAllIsDoneOnce(scenario, [40], 100);
    }

    [Fact]
    public void What_is_left_after_a_part_is_passed_is_as_old_as_its_first_record()
    {
        using var scenario = Poisoned([60], 0);
        scenario.Options = scenario.Options with { MaxWait = TimeSpan.FromSeconds(2) };
        var looks = 0;
        scenario.At(2.5, () => scenario.Log.Write(0, Values[..50])).At(3.5, () => scenario.Log.Write(0, Values[50..100]));
        for (var i = 0; i < 1_000; i++) scenario.At(4 + i * 0.01, () =>
        {
            if (scenario.Log.Committed(0) != 50) return;
            Assert.InRange(scenario.Meters.LagSeconds[0], scenario.Clock.Elapsed.TotalSeconds - 3.6, scenario.Clock.Elapsed.TotalSeconds - 3.4);
            looks++;
        });
        scenario.Run(15);

        Assert.Equal(100, scenario.Batches[0].Values.Length);
        Assert.True(looks > 0, "It was never there.");
    }

    [Fact]
    public void A_processor_is_drained_where_only_a_part_of_what_is_before_the_end_is_passed()
    {
        using var scenario = Poisoned([9], 0);
        scenario.OnDrain = partition => $"state of {partition}";
        scenario.Options = scenario.Options with
        {
            Bounds = new Dictionary<TopicPartition, LogRange> { [new(FakeLog.Input, 0)] = new(new TopicPartition(FakeLog.Input, 0), 0, 10) },
            MaxWait = TimeSpan.FromSeconds(1),
        };
        scenario.At(0.5, () => scenario.Log.Write(0, Values[..10]));
        for (var i = 0; i < 1_000; i++) scenario.At(i * 0.01, () =>
        {
            if (scenario.Log.Committed(0) is > 0) scenario.Stop();
        });
        scenario.Run(15);

        Assert.InRange(scenario.Log.Committed(0) ?? 0, 1, 9);
        Assert.Equal("state of 0", scenario.Log.Written(0)[^1]);
    }

    [Fact]
    public void A_processor_that_fails_without_a_record_is_tried_again_and_others_do_not_wait_for_that()
    {
        using var scenario = Poisoned([], 0, 1);
        scenario.Due[1] = ["one"];
        scenario.OnProcess = partition =>
        {
            if (partition == 1 && scenario.Clock.Elapsed < TimeSpan.FromSeconds(25)) throw new IOException("Not yet.");
        };
        for (var i = 10; i < 20; i++)
        {
            var value = $"{i}";
            scenario.At(i, () => scenario.Log.Write(0, value)).At(i + 1, () => Assert.Contains(scenario.Log.Written(0), text => text.StartsWith($"{value}:", StringComparison.Ordinal)));
        }

        scenario.At(26, () => scenario.Log.Write(1, "a")).Run(40);

        Assert.Equal(["a:1", "one"], scenario.Log.Written(1).Order());
        Assert.Empty(scenario.Log.PutAside);
    }

    [Fact]
    public void Who_is_asked_to_stop_does_not_wait_for_the_next_try_and_the_next_owner_has_the_record()
    {
        using var scenario = Poisoned([0], 0, 1);
        scenario.OnDrain = partition => $"state of {partition}";
        scenario.At(1, () => scenario.Log.Write(0, "0")).Run(3);

        Assert.True(scenario.Clock.Elapsed < TimeSpan.FromSeconds(3.5));
        Assert.Equal([["state of 1"]], scenario.Log.Transactions);
        Assert.Null(scenario.Log.Committed(0));
    }

    private static Scenario Poisoned(int[] poisoned, params int[] partitions)
    {
        var scenario = new Scenario(partitions);
        scenario.Options = scenario.Options with { DeadLetterTopic = FakeLog.DeadLetters };
        var values = poisoned.Select(one => $"{one}").ToHashSet();
        scenario.OnRecord = value =>
        {
            if (values.Contains(value)) throw new InvalidOperationException("Not this one.");
        };
        return scenario;
    }

    private static void RunUntil(Scenario scenario, Func<bool> isDone)
    {
        for (var second = 10; second < 200; second++) scenario.At(second, () =>
        {
            if (isDone()) scenario.Stop();
        });
        scenario.Run(200);
    }

    /// <summary>All that was written to partition 0 is in the output once, or else in the dead letters, and that is said.</summary>
    private static void AssertAllIsDoneOnce(Scenario scenario, int[] poisoned, int count = 1_000, long? end = null)
    {
        AssertAllIsWrittenOnce(scenario, poisoned, count, end);
        var said = scenario.Said.Collector.GetSnapshot().Where(record => record.Level == LogLevel.Error).Select(record => record.Message).ToList();
        Assert.Equal(poisoned.Length, said.Count);
        Assert.All(poisoned, one => Assert.Single(said, text => text.Contains($" input/0@{one} ", StringComparison.Ordinal)));
        Assert.Equal(poisoned.Length, scenario.Meters.Of<long>("dead-letters").Sum(measured => measured.Value));
        Assert.All(scenario.Meters.Of<long>("dead-letters"), measured => Assert.Equal("group", measured.Tags["group"]));
    }

    private static void AssertAllIsWrittenOnce(Scenario scenario, int[] poisoned, int count, long? end = null)
    {
        var (read, names) = (Values[..count], poisoned.Select(one => $"{one}").ToList());
        Assert.Equal(Scenario.Counted(read.Except(names)), scenario.Log.Written(0));
        Assert.Equal(names, scenario.Log.PutAside.Select(letter => Encoding.UTF8.GetString(letter.Value)));
        Assert.Equal(names.Select(one => $"input/0@{one}"), scenario.Log.PutAside.Select(letter => Header(letter, "position")));
        Assert.Equal(end ?? count, scenario.Log.Committed(0));
    }

    private static string Header(Message<byte[], byte[]> letter, string name) => Encoding.UTF8.GetString(letter.Headers.GetLastBytes(name));
}
