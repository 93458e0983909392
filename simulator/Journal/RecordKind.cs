namespace Kappa.Iot.Simulator.Journal;

/// <summary>What a record of the journal says. The numbers are on disk.</summary>
internal enum RecordKind : byte
{
    /// <summary>First record of a segment: counts of all that came before it.</summary>
    Totals = 1,

    /// <summary>A vehicle as it was when the segment began.</summary>
    Vehicle = 2,
    CheckpointEnd = 3,
    Batch = 4,
    Acknowledged = 5,
    Refused = 6,
}
