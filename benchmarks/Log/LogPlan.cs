namespace Kappa.Iot.Benchmarks.Log;

/// <param name="Records">Records of 1 kB a round; of 100 B five times as many.</param>
/// <param name="Rounds">Rounds for every server.</param>
internal sealed record LogPlan(int Records, int Rounds)
{
    /// <summary>The same with one record in so many.</summary>
    public LogPlan Part(int share) => this with { Records = Math.Max(1_000, Records / share) };

    public int SmallRecords => Records * 5;

    /// <summary>Records of 1 kB that are read in one go; of 100 B five times as many.</summary>
    public int RecordsToRead => Records * 3;

    /// <summary>Records of 1 kB for kafka-consumer-perf-test; of 100 B five times as many. Java is still compiling its code in the first seconds.</summary>
    public int PerfTestRecordsToRead => Records * 8;

    /// <summary>And for kafka-producer-perf-test, in every turn.</summary>
    public int PerfTestRecordsToProduce => Records * 2;

    public int Transactions => Math.Max(20, Records / 250);

    /// <summary>At this rate the latency is measured.</summary>
    public const int PacedRecordsPerSecond = 10_000;

    /// <summary>Every server has so many turns, and one that does not count.</summary>
    public const int Turns = 5;

    /// <summary>A turn of reading takes so long at least, of every size, by every client.</summary>
    public static readonly TimeSpan ReadingTurn = TimeSpan.FromSeconds(1.5);

    public static readonly TimeSpan PacedFor = TimeSpan.FromSeconds(4);
}
