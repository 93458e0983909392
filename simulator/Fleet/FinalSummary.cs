namespace Kappa.Iot.Simulator.Fleet;

/// <summary>The last line of every run: distinct batches (vehicle, boot, sequence) over all lives of the simulator.</summary>
public sealed record FinalSummary(int Vehicles, long Published, long Acknowledged, int FaultsInjected, long Refused, long Resent)
{
    public bool Final { get; } = true;
}
