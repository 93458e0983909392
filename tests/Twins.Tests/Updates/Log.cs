using FsCheck;
using FsCheck.Fluent;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Twins.Tests;

/// <summary>A made-up log of a few vehicles, with duplicates, late batches, restarts and gaps, and some way of getting it wrong once.</summary>
/// <param name="Updates">In the log's order.</param>
/// <param name="Delivery">Indices of updates, in another order, some more than once, each at least once.</param>
/// <param name="Batch">How many updates are applied at once.</param>
public sealed record Log(IReadOnlyList<TwinUpdate> Updates, IReadOnlyList<int> Delivery, int Batch)
{
    public static readonly string[] Vins = ["V1", "V2", "V3"];

    public static Arbitrary<Log> Any { get; } = Generate().ToArbitrary();

    private static Gen<Log> Generate() =>
        from kinds in Gen.Choose(0, 9_999).ListOf()
        from batch in Gen.Choose(1, 20)
        let updates = kinds.Select((seed, offset) => Update(new Random(seed), offset)).ToList()
        from again in updates.Count == 0 ? Gen.Constant(new List<int>()) : Gen.Choose(0, updates.Count - 1).ListOf().Select(list => list.ToList())
        from order in Gen.Shuffle(Enumerable.Range(0, updates.Count).Concat(again).ToArray())
        select new Log(updates, order, batch);

    private static TwinUpdate Update(Random random, long offset)
    {
        var vin = Vins[random.Next(Vins.Length)];
        return random.Next(6) switch
        {
            0 => Records.Presence(vin, offset, (ulong)random.Next(1, 4), random.Next(2) == 0),
            1 => Records.Alert(vin, offset, (AlertType)random.Next(1, 4), random.Next(2) == 0),
            _ => Telemetry(vin, offset, (ulong)random.Next(1, 8), (ulong)random.Next(1, 4)),
        };
    }

    /// <summary>What a batch says depends on its name alone: a vehicle that sends it again sends the same.</summary>
    private static ReportedUpdate Telemetry(string vin, long offset, ulong sequence, ulong boot)
    {
        var random = new Random((int)(sequence * 31 + boot));
        var signals = new List<(uint, float[])>();
        foreach (var signal in (uint[])[Records.Speed, Records.Coolant, Records.Latitude])
        {
            if (random.Next(3) > 0) signals.Add((signal, [random.Next(-50, 50) / 4f, random.Next(4) == 0 ? float.NaN : random.Next(-50, 50) / 4f]));
        }

        return Records.Telemetry(vin, offset, sequence, boot, signals: [.. signals]);
    }
}
