namespace Kappa.Iot.Benchmarks.Log;

/// <param name="Records">Records of 1 kB a round; of 100 B five times as many.</param>
/// <param name="Rounds">Rounds for every server.</param>
internal sealed record LogPlan(int Records, int Rounds)
{
    /// <summary>The same with one record in so many.</summary>
    public LogPlan Part(int share) => this with { Records = Math.Max(1_000, Records / share) };

    public int SmallRecords => Records * 5;

    public int Transactions => Math.Max(20, Records / 250);

    /// <summary>At this rate the latency is measured.</summary>
    public const int PacedRecordsPerSecond = 10_000;

    public static readonly TimeSpan PacedFor = TimeSpan.FromSeconds(4);
}
