using FsCheck;
using FsCheck.Fluent;

namespace Kappa.Iot.Embedded.Tests.Properties;

/// <summary>What can happen to a partition's log.</summary>
internal enum OperationKind
{
    Append, AppendIdempotent, RepeatBatch, SkipSequence, OldEpoch, NewEpoch,
    AppendTransactional, Commit, Abort, Fence,
    Compact, DeleteBefore, Retention, PassTime,
    CrashSoon, Kill, CleanReopen, TearTail, DamageCheckpoint,
}

/// <param name="A">Meaning depends on the kind: a producer, a share, a time.</param>
/// <param name="Seed">Everything else that is random about it.</param>
internal sealed record Operation(OperationKind Kind, int A, int Seed)
{
    private static readonly (int Weight, OperationKind Kind)[] Weights =
    [
        (10, OperationKind.Append), (10, OperationKind.AppendIdempotent), (4, OperationKind.RepeatBatch), (2, OperationKind.SkipSequence),
        (1, OperationKind.OldEpoch), (1, OperationKind.NewEpoch), (12, OperationKind.AppendTransactional), (5, OperationKind.Commit),
        (5, OperationKind.Abort), (1, OperationKind.Fence), (5, OperationKind.Compact), (2, OperationKind.DeleteBefore), (3, OperationKind.Retention),
        (4, OperationKind.PassTime), (8, OperationKind.CrashSoon), (4, OperationKind.Kill), (3, OperationKind.CleanReopen),
        (3, OperationKind.TearTail), (2, OperationKind.DamageCheckpoint),
    ];

    /// <summary>Up to 80 operations, shrunk by leaving some out.</summary>
    public static Arbitrary<Operation[]> Sequences { get; } = Arb.From(
        Gen.Choose(5, 80).SelectMany(length => One().ArrayOf(length)), Shrink);

    public override string ToString() => $"new(OperationKind.{Kind}, {A}, {Seed})";

    private static Gen<Operation> One() =>
        from kind in Gen.Frequency(Weights.Select(w => (w.Weight, Gen.Constant(w.Kind))))
        from a in Gen.Choose(0, 99)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        select new Operation(kind, a, seed);

    private static IEnumerable<Operation[]> Shrink(Operation[] operations)
    {
        for (var size = operations.Length / 2; size > 0; size /= 2)
        {
            for (var start = 0; start + size <= operations.Length; start += size)
                yield return [.. operations[..start], .. operations[(start + size)..]];
        }
    }
}
