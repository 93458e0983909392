using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>
/// Folds the batches of several vehicles of one partition together, which is cheaper: a detector that is asked about many vehicles at once
/// reads its model once for all of them. What comes of each is the same, bit for bit, as by <see cref="VehicleFold.Apply"/> alone. For one
/// thread at a time.
/// </summary>
public sealed class FoldGroup(int partition)
{
    private readonly List<VehicleTurn> _waiting = [];
    private readonly KeptWindows _kept = new();
    private VehicleTurn[] _same = [];

    /// <summary>Whether a batch of this vehicle waits: another of it comes after <see cref="Run"/>.</summary>
    public bool Has(VehicleFold fold)
    {
        foreach (var turn in _waiting)
        {
            if (turn.Fold == fold) return true;
        }
        return false;
    }

    /// <summary>Takes a vehicle's next batch; what came of it is known after <see cref="Run"/>.</summary>
    /// <param name="turn">Not in use in the group.</param>
    /// <param name="fold">The vehicle; none of its batches waits.</param>
    /// <param name="detector">The active model of the batch's profile, or null where there is none.</param>
    /// <param name="batch">A batch of this vehicle, not changed before <see cref="Run"/>.</param>
    /// <param name="offset">Its offset in the partition.</param>
    public void Add(VehicleTurn turn, VehicleFold fold, IDetector? detector, TelemetryBatch batch, long offset)
    {
        turn.Score = null;
        turn.Failure = null;
        try
        {
            var scored = fold.Begin(detector, batch, out var window, out var result);
            turn.Result = result;
            if (!scored) return;
            (turn.Fold, turn.Detector, turn.Window, turn.Batch, turn.Offset) = (fold, detector!, window!, batch, offset);
            _waiting.Add(turn);
        }
#pragma warning disable CA1031 // A vehicle whose state is damaged must not stop the others.
        catch (Exception e)
#pragma warning restore CA1031
        {
            turn.Failure = e;
        }
    }

    /// <summary>Scores what waits.</summary>
    public void Run()
    {
        if (_same.Length < _waiting.Count) _same = new VehicleTurn[Math.Max(2 * _same.Length, _waiting.Count)];
        for (var from = 0; from < _waiting.Count; from++)
        {
            if (_waiting[from] is not { Score: null, Failure: null, Detector: var detector }) continue;
            var count = 0;
            for (var i = from; i < _waiting.Count; i++)
            {
                if (_waiting[i].Detector == detector) _same[count++] = _waiting[i];
            }
            Ask(detector, _same.AsSpan(0, count));
        }
        foreach (var turn in _waiting) turn.End(partition);
        _waiting.Clear();
    }

    /// <summary>Where the detector breaks nobody knows how far it came with whom: the windows become again what they were, and each vehicle is asked about alone, so that only the one that breaks it starts anew.</summary>
    private void Ask(IDetector detector, ReadOnlySpan<VehicleTurn> turns)
    {
        if (turns.Length > 1)
        {
            _kept.Keep(detector, turns);
            try
            {
                detector.Apply(turns);
                return;
            }
#pragma warning disable CA1031 // Whatever it is, it is one vehicle's.
            catch (Exception)
#pragma warning restore CA1031
            {
                _kept.GiveBack(turns);
            }
        }

        foreach (var turn in turns)
        {
            (turn.Score, turn.Failure) = (null, null);
            turn.Take(detector);
        }
    }
}
