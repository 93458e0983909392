using Kappa.Iot.Simulator.Faults;
using Kappa.Iot.Simulator.Journal;

namespace Kappa.Iot.Simulator.Fleet;

/// <summary>What all vehicles of a fleet share.</summary>
internal sealed record FleetWorld(FleetOptions Options, EventClock Clock, FaultLedger Faults, FleetJournal? Journal);
