namespace Kappa.Iot.Benchmarks.Log;

/// <param name="Name">In the names of fields, and of topics.</param>
/// <param name="Bytes">Of a value.</param>
/// <param name="Share">So many times as many records as of 1 kB.</param>
internal sealed record RecordSize(string Name, int Bytes, int Share)
{
    public static readonly IReadOnlyList<RecordSize> All = [new("100b", 100, 5), new("1kb", 1_000, 1)];
}
