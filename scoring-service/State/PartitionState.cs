using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// The folds of one partition's vehicles, which of them have batches that no snapshot holds yet, and which models scored those. From the
/// snapshots, the checkpoint and the telemetry since then it is rebuilt exactly. For one thread at a time.
/// </summary>
internal sealed class PartitionState(int partition, int snapshotEvery)
{
    /// <summary>In place of a model's id: from here on there is none.</summary>
    private const string None = "";

    private readonly Dictionary<string, Vehicle> _vehicles = new(StringComparer.Ordinal);
    // Vehicles with batches since their snapshot, those that wait longest first.
    private readonly Queue<Vehicle> _unsaved = new();
    private readonly List<ModelSpan> _spans = [];

    /// <summary>Which models scored what no snapshot holds yet.</summary>
    public IReadOnlyList<ModelSpan> Models => _spans;

    public int Vehicles => _vehicles.Count;

    /// <summary>Takes a vehicle's snapshot; before any batch.</summary>
    /// <exception cref="InvalidDataException">It is damaged or of another format.</exception>
    public void Restore(VehicleState snapshot)
    {
        if (snapshot.SchemaVersion != VehicleFold.SchemaVersion)
            throw new InvalidDataException($"The state of vehicle '{snapshot.Vin}' has format {snapshot.SchemaVersion}; this version reads {VehicleFold.SchemaVersion}.");
        _vehicles[snapshot.Vin] = new Vehicle(VehicleFold.Restore(snapshot.Vin, snapshot.Fold.Span)) { SavedOffset = snapshot.TelemetryOffset };
    }

    /// <summary>Takes the models that scored what follows the snapshots.</summary>
    public void Restore(IEnumerable<ModelSpan> spans) => _spans.AddRange(spans);

    /// <summary>The model that scores a batch of a profile at an offset; null where none was active.</summary>
    public string? ModelAt(string profile, long offset)
    {
        for (var i = _spans.Count - 1; i >= 0; i--)
        {
            if (_spans[i].FromOffset <= offset && _spans[i].Profile == profile) return _spans[i].ModelId is None ? null : _spans[i].ModelId;
        }

        return null;
    }

    /// <summary>Notes which model scores each profile from an offset on; profiles that are not named have none.</summary>
    public void Switch(IReadOnlyDictionary<string, IDetector> active, long fromOffset)
    {
        var wanted = active.ToDictionary(model => model.Key, model => model.Value.ModelId, StringComparer.Ordinal);
        foreach (var span in _spans) wanted.TryAdd(span.Profile, None);
        foreach (var (profile, modelId) in wanted)
        {
            if ((ModelAt(profile, fromOffset) ?? None) != modelId) _spans.Add(new ModelSpan { Profile = profile, ModelId = modelId, FromOffset = fromOffset });
        }
    }

    /// <summary>Whether a vehicle's snapshot already has the batch at an offset.</summary>
    public bool Contains(string vin, long offset) => _vehicles.TryGetValue(vin, out var vehicle) && offset <= vehicle.SavedOffset;

    /// <summary>Folds a batch into its vehicle.</summary>
    public FoldResult Apply(IDetector? detector, TelemetryBatch batch, long offset)
    {
        if (!_vehicles.TryGetValue(batch.Vin, out var vehicle)) _vehicles.Add(batch.Vin, vehicle = new Vehicle(new VehicleFold(batch.Vin)));
        MarkUnsaved(vehicle, offset);
        return vehicle.Fold.Apply(detector, batch, partition, offset);
    }

    /// <summary>Starts a vehicle anew whose fold cannot go on.</summary>
    public void Reset(string vin, long offset)
    {
        var vehicle = _vehicles[vin];
        vehicle.Fold = new VehicleFold(vin);
        MarkUnsaved(vehicle, offset);
    }

    /// <summary>Snapshots that are due once everything before <paramref name="next"/> is folded: each vehicle's turn comes after as many offsets as <c>snapshotEvery</c> batches of all unsaved ones.</summary>
    public IEnumerable<VehicleState> TakeSnapshots(long next)
    {
        while (_unsaved.TryPeek(out var vehicle) && next - vehicle.UnsavedFrom > (long)snapshotEvery * _unsaved.Count)
        {
            _unsaved.Dequeue();
            yield return TakeSnapshot(vehicle, next);
        }
    }

    /// <summary>Snapshots of every vehicle that has batches since its last one.</summary>
    public IEnumerable<VehicleState> TakeAllSnapshots(long next)
    {
        while (_unsaved.TryDequeue(out var vehicle)) yield return TakeSnapshot(vehicle, next);
    }

    /// <summary>What goes beside the snapshots, after <see cref="TakeSnapshots"/>.</summary>
    public ScoringCheckpoint Checkpoint(long next)
    {
        var from = _unsaved.TryPeek(out var oldest) ? oldest.UnsavedFrom : next;
        // Of what was before, only the last model of each profile still scores something.
        var all = _spans.ToList();
        _spans.RemoveAll(span => all.Exists(later => later.Profile == span.Profile && later.FromOffset > span.FromOffset && later.FromOffset <= from));
        return new ScoringCheckpoint { NextOffset = next, ReplayFrom = from, Models = { _spans } };
    }

    private static VehicleState TakeSnapshot(Vehicle vehicle, long next)
    {
        vehicle.UnsavedFrom = Vehicle.Saved;
        vehicle.SavedOffset = next - 1;
        return new VehicleState
        {
            Vin = vehicle.Fold.Vin,
            TelemetryOffset = next - 1,
            SchemaVersion = VehicleFold.SchemaVersion,
            Fold = UnsafeByteOperations.UnsafeWrap(vehicle.Fold.Save()),
        };
    }

    private void MarkUnsaved(Vehicle vehicle, long offset)
    {
        if (vehicle.UnsavedFrom != Vehicle.Saved) return;
        vehicle.UnsavedFrom = offset;
        _unsaved.Enqueue(vehicle);
    }

    private sealed class Vehicle(VehicleFold fold)
    {
        public const long Saved = -1;

        public VehicleFold Fold { get; set; } = fold;

        /// <summary>Everything up to this offset is in its last snapshot.</summary>
        public long SavedOffset { get; set; } = -1;

        /// <summary>The first batch that is not, or <see cref="Saved"/>.</summary>
        public long UnsavedFrom { get; set; } = Saved;
    }
}
