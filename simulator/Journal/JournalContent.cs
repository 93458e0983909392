using Kappa.Iot.Simulator.Publishing;

namespace Kappa.Iot.Simulator.Journal;

/// <summary>What earlier lives of the simulator left behind.</summary>
public sealed class JournalContent
{
    /// <summary>Distinct batches made, acknowledged and finally refused, over all lives.</summary>
    public long Published { get; internal set; }

    public long Acknowledged { get; internal set; }

    public long Refused { get; internal set; }

    /// <summary>By VIN.</summary>
    public Dictionary<string, VehicleRecord> Vehicles { get; } = [];

    /// <summary>Batches that nobody has acknowledged, in the order they were made.</summary>
    public IReadOnlyList<Delivery> Open { get; internal set; } = [];

    internal List<int> Segments { get; } = [];
}
