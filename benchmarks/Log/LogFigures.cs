namespace Kappa.Iot.Benchmarks.Log;

/// <summary>What was measured of one server, by the name of the field.</summary>
internal sealed record LogFigures(IReadOnlyDictionary<string, double> Values)
{
    public static readonly IReadOnlyList<(string Field, string Meaning)> Fields =
    [
        ("start_ms", "from the start of the process, on an empty folder, to the first Metadata answer"),
        ("produced_100b_per_s", "records of 100 B a second, acks=all, idempotent, until the last acknowledgement"),
        ("consumed_100b_per_s", "records of 100 B, in full batches, read by the client library, a second"),
        ("unpacked_100b_per_s", "the same records read by a client that does no more than go through each, a second"),
        ("fetched_100b_per_s", "the same records read by a client that unpacks nothing, a second"),
        ("perf_test_produced_100b_per_s", "records of 100 B a second by kafka-producer-perf-test, acks=all, batch.size=65536"),
        ("perf_test_consumed_100b_per_s", "records of 100 B a second of fetching by kafka-consumer-perf-test (its fetch.nMsg.sec)"),
        ("produced_1kb_per_s", "records of 1 kB a second, likewise"),
        ("consumed_1kb_per_s", "records of 1 kB, in full batches, read by the client library, a second"),
        ("unpacked_1kb_per_s", "the same records read by a client that does no more than go through each, a second"),
        ("fetched_1kb_per_s", "the same records read by a client that unpacks nothing, a second"),
        ("perf_test_produced_1kb_per_s", "records of 1 kB a second by kafka-producer-perf-test, likewise"),
        ("perf_test_consumed_1kb_per_s", "records of 1 kB a second of fetching by kafka-consumer-perf-test, likewise"),
        ("transactions_per_s", "transactions of 10 records of 100 B, one after the other, committed a second"),
        ("p99_produce_ms", "99th percentile from produce to acknowledgement at 10,000 records of 100 B a second, linger 0"),
        ("rss_mb", "memory of the server's process (RSS, MiB) after all this work"),
        ("cpu_us_per_record", "CPU time of the server for one record of 1 kB, produced and consumed once, in microseconds"),
        ("disk_bytes_per_byte", "bytes on disk for every byte of the values of 1 kB (segment files; none for a server in memory)"),
    ];

    /// <summary>These and others.</summary>
    public LogFigures With(LogFigures? others) => others is null ? this : new(Values.Concat(others.Values).ToDictionary());

    /// <summary>The fields and their meaning, for people.</summary>
    public static string Describe() => string.Join(Environment.NewLine, Fields.Select(f => $"  {f.Field,-30} {f.Meaning}"));

    /// <summary>The median of every field over some rounds.</summary>
    public static LogFigures Median(IReadOnlyCollection<LogFigures> rounds) => new(
        Fields.Select(f => f.Field).Where(field => rounds.Any(r => r.Values.ContainsKey(field)))
            .ToDictionary(field => field, field => Median([.. rounds.Where(r => r.Values.ContainsKey(field)).Select(r => r.Values[field])])));

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values.Length % 2 == 1 ? values[values.Length / 2] : (values[(values.Length / 2) - 1] + values[values.Length / 2]) / 2;
    }
}
