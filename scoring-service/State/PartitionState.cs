using System.Collections.Immutable;
using Confluent.Kafka;
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
    private readonly Dictionary<string, Vehicle> _vehicles = new(StringComparer.Ordinal);
    // Vehicles with batches since their snapshot, those that wait longest first.
    private readonly Queue<Vehicle> _unsaved = new();
    private readonly FoldGroup _group = new(partition);
    private readonly List<(RecordTurn Turn, Vehicle Vehicle)> _waiting = [];
    private readonly List<WarmUp> _warmUps = [];
    private readonly List<long> _putAside = [];
    private List<RewoundBatch> _said = [];

    /// <summary>Which models scored what no snapshot holds yet.</summary>
    public ModelSpans Models { get; } = new();

    /// <summary>What came before there was a model for it.</summary>
    public UnscoredSpans Unscored { get; } = new();

    /// <summary>What the vehicles do together; null where nobody watches that.</summary>
    public FleetTally? Fleet { get; set; }

    public int Vehicles => _vehicles.Count;

    /// <summary>Models that read along until they take over; in no snapshot: whoever restores reads what they read again.</summary>
    public IReadOnlyList<WarmUp> WarmUps => _warmUps;

    /// <summary>Takes a vehicle's snapshot; before any batch.</summary>
    /// <exception cref="InvalidDataException">It is damaged or of another format.</exception>
    public void Restore(VehicleState snapshot)
    {
        if (snapshot.SchemaVersion != VehicleFold.SchemaVersion)
            throw new InvalidDataException($"The state of vehicle '{snapshot.Vin}' has format {snapshot.SchemaVersion}; this version reads {VehicleFold.SchemaVersion}.");
        _vehicles[snapshot.Vin] = new Vehicle(VehicleFold.Restore(snapshot.Vin, snapshot.Fold.Span))
        {
            Shadows = snapshot.Shadows.Count > 0 ? ShadowFolds.Restore(snapshot.Vin, snapshot.Shadows) : null,
            SavedOffset = snapshot.TelemetryOffset,
        };
    }

    /// <summary>Whether a vehicle's snapshot already has the batch at an offset.</summary>
    public bool Contains(string vin, long offset) => _vehicles.TryGetValue(vin, out var vehicle) && offset <= vehicle.SavedOffset;

    /// <summary>Gives a batch to its vehicle; what came of it is known after <see cref="Run"/>.</summary>
    /// <param name="turn">A batch of this partition.</param>
    /// <param name="active">The profile's model; null where there is none.</param>
    /// <param name="shadows">The models on trial for the profile.</param>
    public void Add(RecordTurn turn, IDetector? active, ImmutableArray<IDetector> shadows)
    {
        var (batch, offset) = (turn.Telemetry.Batch!, turn.Record.Offset.Value);
        if (!_vehicles.TryGetValue(batch.Vin, out var vehicle)) _vehicles.Add(batch.Vin, vehicle = new Vehicle(new VehicleFold(batch.Vin)));
        // Also what nobody scores is to be in the windows of the models on trial before one of them becomes the active one.
        if (_group.Has(vehicle.Fold) || (active is not null && vehicle.Fold.ModelId != active.ModelId && Waits(vehicle))) Run();
        MarkUnsaved(vehicle, offset);
        // A model that becomes the active one after a trial knows the vehicle's past already.
        if (active is not null && vehicle.Fold.ModelId != active.ModelId && vehicle.Shadows?.Find(active.ModelId) is { } trial) vehicle.Fold.TakeWindowOf(trial);
        turn.Shadows = shadows;
        _group.Add(turn.Fold, vehicle.Fold, active, batch, offset);
        _waiting.Add((turn, vehicle));
        if (turn.Failure is not null) Run(); // its vehicle is started anew before the next batch
    }

    /// <summary>A record could not be processed: no vehicle has it, and no restore gives it to one.</summary>
    public void PutAside(long offset) => _putAside.Add(offset);

    /// <summary>Whether a record is one of those.</summary>
    public bool IsPutAside(long offset) => _putAside.Count > 0 && _putAside.Contains(offset);

    /// <summary>From the next batch on a model reads along.</summary>
    public void Begin(WarmUp warmUp) => _warmUps.Add(warmUp);

    /// <summary>Vehicles that nobody scores now, with the alerts that they have of their former profiles, before their first batch that is not scored.</summary>
    public Dictionary<string, VehicleFold> FormerAlerts()
    {
        Run();
        return _vehicles.Values.Where(vehicle => vehicle.Fold.ModelId.Length == 0).Select(vehicle => vehicle.Fold.OnlyAlerts()).OfType<VehicleFold>().ToDictionary(fold => fold.Vin, StringComparer.Ordinal);
    }

    /// <summary>A profile's first model has scored everything before an offset: what it said is to be written with the next checkpoint.</summary>
    public void Rewound(WarmUp rewind, long offset)
    {
        var said = rewind.TakeSaid();
        Unscored.Reach(rewind, said, offset);
        _said.AddRange(said);
    }

    /// <summary>What profiles' first models said of what came before them since the last time.</summary>
    public IReadOnlyList<RewoundBatch> TakeRewound()
    {
        foreach (var rewind in _warmUps)
        {
            if (rewind.IsRewind) Rewound(rewind, rewind.ReadTo);
        }

        var said = _said;
        if (said.Count > 0) _said = [];
        return said;
    }

    /// <summary>A profile's model does not read along any more.</summary>
    public void DropWarmUps(string profile) => _warmUps.RemoveAll(warmUp => warmUp.Profile == profile);

    /// <summary>Gives a batch, before <see cref="Add"/>, to the models that read along. One whose turn comes with it takes over instead: its windows become the vehicles'.</summary>
    /// <returns>That one, or null.</returns>
    public WarmUp? Warm(TelemetryBatch batch, ConsumeResult<byte[], byte[]> record)
    {
        WarmUp? over = null;
        var offset = record.Offset.Value;
        foreach (var warmUp in _warmUps)
        {
            if (warmUp.Profile == batch.Profile && (warmUp.Until is { } until ? offset >= until : IsNew(batch))) over = warmUp;
            else
            {
                warmUp.Take(batch, record);
                warmUp.ReadTo = offset + 1;
            }
        }

        if (over is null) return null;
        Run(); // what waits is the other model's
        _warmUps.Remove(over);
        foreach (var fold in over.Folds)
        {
            if (!_vehicles.TryGetValue(fold.Vin, out var vehicle) || vehicle.SavedOffset >= offset) continue; // its snapshot has that window already
            if (!Take(vehicle, fold, over)) continue; // the vehicle is of another profile by now
            MarkUnsaved(vehicle, offset);
        }

        ModelSpan? rewound = null;
        if (over.IsRewind)
        {
            Rewound(over, offset);
            rewound = Unscored.Find(over.Profile)!.Model;
            Unscored.Remove(over.Profile);
        }

        Models.TakeOver(over, offset, rewound);
        return over;
    }

    /// <summary>Folds what was added since the last time.</summary>
    public void Run()
    {
        _group.Run();
        foreach (var (turn, vehicle) in _waiting)
        {
            if (turn.Failure is not null)
            {
                vehicle.Fold = new VehicleFold(vehicle.Fold.Vin);
                vehicle.Shadows = null;
            }
            else if (turn.Result.Outcome is FoldOutcome.Scored or FoldOutcome.Unscored && (!turn.Shadows.IsEmpty || vehicle.Shadows is not null))
            {
                var batch = turn.Telemetry.Batch!;
                vehicle.Shadows ??= new ShadowFolds(batch.Vin);
                vehicle.Shadows.Apply(turn.Shadows, batch, partition, turn.Record.Offset, turn.Trials);
                if (vehicle.Shadows.IsEmpty) vehicle.Shadows = null;
            }
        }
        _waiting.Clear();
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
        Models.ForgetBefore(from);
        _putAside.RemoveAll(offset => offset < from);
        return new ScoringCheckpoint { NextOffset = next, ReplayFrom = from, Models = { Models.Active }, Shadows = { Models.Shadows }, Unscored = { Unscored.All }, PutAside = { _putAside }, Fleet = Fleet?.Save() ?? ByteString.Empty };
    }

    private bool Waits(Vehicle vehicle)
    {
        foreach (var (_, waiting) in _waiting)
        {
            if (waiting == vehicle) return true;
        }

        return false;
    }

    private bool IsNew(TelemetryBatch batch) => !_vehicles.TryGetValue(batch.Vin, out var vehicle) || vehicle.Fold.IsNew(batch);

    private static bool Take(Vehicle vehicle, VehicleFold fold, WarmUp over)
    {
        if (over.IsRewind)
        {
            if (vehicle.Fold.ModelId.Length > 0) return false;
            vehicle.Fold = fold; // with its alerts
            return true;
        }

        if (fold.ModelId != over.Model.ModelId) return false;
        vehicle.Fold.TakeWindowOf(fold);
        return true;
    }

    private static VehicleState TakeSnapshot(Vehicle vehicle, long next)
    {
        vehicle.UnsavedFrom = Vehicle.Saved;
        vehicle.SavedOffset = next - 1;
        var state = new VehicleState
        {
            Vin = vehicle.Fold.Vin,
            TelemetryOffset = next - 1,
            SchemaVersion = VehicleFold.SchemaVersion,
            Fold = UnsafeByteOperations.UnsafeWrap(vehicle.Fold.Save()),
        };
        if (vehicle.Shadows is { } shadows) state.Shadows.AddRange(shadows.Save());
        return state;
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

        /// <summary>Null where no model on trial has seen it.</summary>
        public ShadowFolds? Shadows { get; set; }

        /// <summary>Everything up to this offset is in its last snapshot.</summary>
        public long SavedOffset { get; set; } = -1;

        /// <summary>The first batch that is not, or <see cref="Saved"/>.</summary>
        public long UnsavedFrom { get; set; } = Saved;
    }
}
