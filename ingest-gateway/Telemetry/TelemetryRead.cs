using Kappa.Iot.Contracts;

namespace Kappa.Iot.IngestGateway;

/// <summary>What reading a payload came to: a batch, or why there is none.</summary>
public readonly record struct TelemetryRead
{
    private TelemetryRead(TelemetryBatch? batch, Rejection rejection)
    {
        Batch = batch;
        Rejection = rejection;
    }

    /// <summary>The batch, or null where the payload was rejected.</summary>
    public TelemetryBatch? Batch { get; }

    /// <summary>Means something only where <see cref="Batch"/> is null.</summary>
    public Rejection Rejection { get; }

    public static TelemetryRead Of(TelemetryBatch batch) => new(batch, default);

    public static TelemetryRead Rejected(RejectReason reason, string detail) => new(null, new Rejection(reason, detail));
}
