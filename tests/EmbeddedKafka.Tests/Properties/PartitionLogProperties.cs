using FsCheck;
using FsCheck.Fluent;
using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Tests.Properties;

/// <summary>
/// Segments, index, time lookup, compaction, producers and transactions against a model in memory, with crashes before and in every change
/// of the disk. A failure prints the operations, shrunk, and the seed.
/// </summary>
public sealed class PartitionLogProperties
{
    private static Config Runs(int count) => Config.QuickThrowOnFailure.WithMaxTest(count);

    [Fact]
    [Trait("Invariant", "1")]
    [Trait("Invariant", "2")]
    public void Whatever_happens_to_a_log_it_is_what_the_model_says() => Check.One(Runs(200), Prop.ForAll(Operation.Sequences, operations =>
        Run(operations, new LogSettings { SegmentBytes = 12_000, Retention = TimeSpan.FromHours(2), RetentionBytes = 60_000 })));

    [Fact]
    [Trait("Invariant", "1")]
    [Trait("Invariant", "2")]
    public void Whatever_happens_to_a_log_with_large_segments_it_is_what_the_model_says() => Check.One(Runs(100), Prop.ForAll(Operation.Sequences, operations =>
        Run(operations, new LogSettings { SegmentBytes = 150_000, SegmentAge = TimeSpan.FromHours(3), Retention = TimeSpan.FromHours(2) })));

    [Fact]
    [Trait("Invariant", "1")]
    [Trait("Invariant", "2")]
    public void Whatever_happens_to_a_compacted_log_it_has_the_last_record_of_every_key() => Check.One(Runs(200), Prop.ForAll(Operation.Sequences, operations =>
        Run(operations, new LogSettings
        {
            Compact = true,
            Delete = false,
            SegmentBytes = 8_000,
            SegmentAge = TimeSpan.FromHours(3),
            MinCleanableRatio = 0.1,
            DeleteRetention = TimeSpan.FromHours(1),
        })));

    [Fact]
    [Trait("Invariant", "1")]
    [Trait("Invariant", "2")]
    public void Whatever_happens_to_a_compacted_log_with_many_keys_it_has_the_last_record_of_every_key() => Check.One(Runs(100), Prop.ForAll(Operation.Sequences, operations =>
        Run(operations, new LogSettings { Compact = true, Delete = false, SegmentBytes = 8_000, MinCleanableRatio = 0, DeleteRetention = TimeSpan.FromMinutes(20) }, maxKeys: 3)));

    private static void Run(Operation[] operations, LogSettings settings, int? maxKeys = null)
    {
        using var run = new LogRun(settings, maxKeys);
        foreach (var operation in operations)
            run.Do(operation);
    }
}
