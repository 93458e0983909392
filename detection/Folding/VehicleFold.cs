using System.Diagnostics.CodeAnalysis;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>
/// Everything the scorer keeps of one vehicle: which batch it saw last, the detector's window, the open alert episodes. An exact fold of
/// the vehicle's telemetry: saved, restored and carried on it is bit for bit what it would have been without. For one thread at a time.
/// </summary>
public sealed class VehicleFold(string vin)
{
    /// <summary>Format of <see cref="Save"/>; goes beside the bytes into <see cref="VehicleState.SchemaVersion"/>.</summary>
    public const uint SchemaVersion = 3;

    private AlertEpisodes _episodes = new(vin);
    private bool _seen;
    private ulong _boot;
    private ulong _sequence;
    private string _modelId = "";
    private VehicleWindow? _window;
    // The window as it was saved, until a detector comes that can read it.
    private byte[] _savedWindow = [];

    public string Vin { get; } = vin;

    /// <summary>Types of the alerts that are open.</summary>
    public IEnumerable<AlertType> OpenAlerts => _episodes.Open;

    /// <summary>What the detector of the last batch remembers; null where no batch was scored since the vehicle started.</summary>
    public VehicleWindow? Window => _window;

    /// <summary>The model whose window this is; empty where no batch was scored since the vehicle started.</summary>
    public string ModelId => _modelId;

    /// <summary>Goes on with the window that a model on trial filled with the same batches: promoted, it need not begin with an empty one.</summary>
    public void TakeWindowOf(VehicleFold trial) => (_modelId, _window, _savedWindow) = (trial._modelId, trial._window, trial._savedWindow);

    /// <summary>The vehicle with the alerts that it has, and no batch taken yet: where it starts when its batches since its last score are taken once more. Null where it has no alerts, and is as new.</summary>
    public VehicleFold? OnlyAlerts()
    {
        if (_episodes.IsEmpty) return null;
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        _episodes.Save(writer);
        writer.Flush();
        stream.Position = 0;
        using var reader = new BinaryReader(stream);
        return new VehicleFold(Vin) { _episodes = AlertEpisodes.Restore(Vin, reader) };
    }

    /// <summary>Whether a batch of this vehicle comes after all that it took: neither a duplicate nor late.</summary>
    public bool IsNew(TelemetryBatch batch) => !_seen || batch.BootId > _boot || (batch.BootId == _boot && batch.Sequence > _sequence);

    /// <summary>Takes the vehicle's next batch.</summary>
    /// <param name="detector">The active model of the batch's profile, or null where there is none.</param>
    /// <param name="batch">A batch of this vehicle.</param>
    /// <param name="partition">Telemetry partition it came from.</param>
    /// <param name="offset">Its offset there.</param>
    /// <exception cref="ArgumentException">The batch is of another vehicle.</exception>
    public FoldResult Apply(IDetector? detector, TelemetryBatch batch, int partition, long offset)
    {
        if (!Begin(detector, batch, out var window, out var result)) return result;
        return End(detector!.Apply(window, batch), batch, partition, offset, result.Missed);
    }

    /// <summary>Takes note of the batch.</summary>
    /// <param name="detector">As for <see cref="Apply"/>.</param>
    /// <param name="batch">As for <see cref="Apply"/>.</param>
    /// <param name="window">What the detector is to take it into.</param>
    /// <param name="result">What came of it where there is nothing to score; else only what was missed.</param>
    /// <returns>Whether the detector is to score it, and <see cref="End"/> to follow.</returns>
    internal bool Begin(IDetector? detector, TelemetryBatch batch, [NotNullWhen(true)] out VehicleWindow? window, out FoldResult result)
    {
        if (batch.Vin != Vin) throw new ArgumentException($"A batch of '{batch.Vin}' was given to the fold of '{Vin}'.", nameof(batch));
        window = null;
        result = new(FoldOutcome.Late, null, []);
        if (_seen && batch.BootId < _boot) return false;
        result = new(FoldOutcome.Duplicate, null, []);
        if (_seen && batch.BootId == _boot && batch.Sequence <= _sequence) return false;

        var sameBoot = _seen && batch.BootId == _boot;
        result = new(FoldOutcome.Unscored, null, []) { Missed = sameBoot ? batch.Sequence - _sequence - 1 : 0 };
        _seen = true;
        _boot = batch.BootId;
        _sequence = batch.Sequence;
        if (!sameBoot || detector is null) Forget();
        if (detector is null) return false;
        window = WindowFor(detector);
        return true;
    }

    /// <summary>Takes the score of the batch that <see cref="Begin"/> took note of.</summary>
    internal FoldResult End(Score score, TelemetryBatch batch, int partition, long offset, ulong missed)
    {
        score.TelemetryOffset = offset;
        var alerts = _episodes.Apply(score, batch.StartTimeMs + batch.DurationMs(), partition, batch);
        return new(FoldOutcome.Scored, score, alerts) { Missed = missed };
    }

    /// <summary>The whole state, exactly.</summary>
    public byte[] Save()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(SchemaVersion);
        writer.Write(_seen);
        writer.Write(_boot);
        writer.Write(_sequence);
        writer.Write(_modelId);
        var window = _window?.Save() ?? _savedWindow;
        writer.Write(window.Length);
        writer.Write(window);
        _episodes.Save(writer);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>A fold as <see cref="Save"/> left it.</summary>
    /// <exception cref="InvalidDataException">The snapshot is damaged or of another format: the vehicle must be started anew.</exception>
    public static VehicleFold Restore(string vin, ReadOnlySpan<byte> snapshot)
    {
        using var stream = new MemoryStream(snapshot.ToArray());
        using var reader = new BinaryReader(stream);
        try
        {
            var schema = reader.ReadUInt32();
            if (schema != SchemaVersion) throw new InvalidDataException($"The state of vehicle '{vin}' has format {schema}; this version reads {SchemaVersion}.");
            var fold = new VehicleFold(vin)
            {
                _seen = reader.ReadBoolean(),
                _boot = reader.ReadUInt64(),
                _sequence = reader.ReadUInt64(),
                _modelId = reader.ReadString(),
            };
            var length = reader.ReadInt32();
            if (length < 0 || length > stream.Length - stream.Position) throw new InvalidDataException($"The state of vehicle '{vin}' is cut off.");
            fold._savedWindow = reader.ReadBytes(length);
            fold._episodes = AlertEpisodes.Restore(vin, reader);
            if (stream.Position != stream.Length) throw new InvalidDataException($"The state of vehicle '{vin}' has {stream.Length - stream.Position} bytes too many.");
            return fold;
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException)
        {
            throw new InvalidDataException($"The state of vehicle '{vin}' cannot be read: {e.Message}", e);
        }
    }

    private VehicleWindow WindowFor(IDetector detector)
    {
        if (_modelId != detector.ModelId) Forget();
        _modelId = detector.ModelId;
        if (_window is null && _savedWindow.Length > 0)
        {
            // The id names the model, so a window that does not fit its own model is damage, not a change.
            _window = detector.RestoreWindow(_savedWindow);
            _savedWindow = [];
        }
        return _window ??= detector.CreateWindow();
    }

    private void Forget()
    {
        _window = null;
        _savedWindow = [];
        _modelId = "";
    }
}
