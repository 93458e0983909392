namespace Kappa.Iot.Twins;

/// <summary>
/// One record of the log, as a change to one section of one twin. Which of two updates of a section is the newer depends on the updates
/// alone, never on which came first: any updates, in any order and any number of times, end in the same twin.
/// </summary>
/// <param name="Vin">The vehicle.</param>
/// <param name="Partition">Partition the record is in. A vehicle's records are always in the same one.</param>
/// <param name="Offset">Offset of the record in its topic's partition.</param>
public abstract record TwinUpdate(string Vin, int Partition, long Offset);
