namespace Kappa.Iot.Detection;

/// <summary>What the windows of a few vehicles were before a detector was asked about all of them at once. Its room is used again and again. For one thread at a time.</summary>
internal sealed class KeptWindows
{
    /// <summary>More than are in use at a time, with one model a profile: the room of those that are gone is given up.</summary>
    private const int MostDetectors = 16;

    private readonly Dictionary<IDetector, List<VehicleWindow>> _rooms = new(ReferenceEqualityComparer.Instance);
    private List<VehicleWindow> _room = [];

    /// <param name="detector">Whose windows they are.</param>
    /// <param name="turns">The vehicles.</param>
    public void Keep(IDetector detector, ReadOnlySpan<VehicleTurn> turns)
    {
        if (!_rooms.TryGetValue(detector, out _room!))
        {
            if (_rooms.Count == MostDetectors) _rooms.Clear();
            _rooms.Add(detector, _room = []);
        }

        while (_room.Count < turns.Length) _room.Add(detector.CreateWindow());
        for (var v = 0; v < turns.Length; v++) _room[v].BecomeCopyOf(turns[v].Window);
    }

    /// <summary>Makes the windows again what they were.</summary>
    /// <param name="turns">The same vehicles, in the same order.</param>
    public void GiveBack(ReadOnlySpan<VehicleTurn> turns)
    {
        for (var v = 0; v < turns.Length; v++) turns[v].Window.BecomeCopyOf(_room[v]);
    }
}
