namespace Kappa.Iot.Benchmarks.Scorer;

/// <param name="Vehicles">How many are scored; each has its state.</param>
/// <param name="Batches">Batches of ten samples of each vehicle that are measured, after <see cref="WarmBatches"/> that are not.</param>
/// <param name="Rate">Batches a second that go on coming while the scorer is restarted.</param>
/// <param name="PeerRecords">Samples that Kafka Streams scores.</param>
internal sealed record ScorerPlan(int Vehicles, int Batches, int Rate, int PeerRecords)
{
    /// <summary>Steps that a window must have before the detector judges it, and one that is still open: from here on every batch costs the whole work.</summary>
    public const int WarmBatches = 8;

    public const int Partitions = 24;

    public const int Signals = 24;

    public const int SamplesPerBatch = 10;
}
