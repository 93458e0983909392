using System.Collections.Immutable;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>A record of the telemetry topic on its way through its vehicle's fold, and what came of it. Used again and again.</summary>
internal sealed class RecordTurn
{
    private readonly TelemetryBatch _buffer = new();

    public ConsumeResult<byte[], byte[]> Record { get; private set; } = null!;

    /// <summary>The batch, or why there is none.</summary>
    public TelemetryRecord Telemetry { get; private set; }

    /// <summary>What came of the batch.</summary>
    public FoldResult Result => Fold.Result;

    /// <summary>Why the batch could not be scored; its vehicle was started anew.</summary>
    public Exception? Failure => Fold.Failure;

    /// <summary>What the models on trial said of it.</summary>
    public List<ShadowResult> Trials { get; } = [];

    /// <summary>Its vehicle's part.</summary>
    public VehicleTurn Fold { get; } = new();

    /// <summary>The models on trial for it.</summary>
    public ImmutableArray<IDetector> Shadows { get; set; } = [];

    public void Read(ConsumeResult<byte[], byte[]> record, TelemetryDecoder decoder)
    {
        Record = record;
        Trials.Clear();
        Telemetry = TelemetryRecord.Read(record, decoder, _buffer);
    }
}
