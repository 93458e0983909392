namespace Kappa.Iot.Simulator.Faults;

/// <summary>The names people and the truth file use for faults.</summary>
public static class FaultNames
{
    /// <summary>Every fault that can be injected.</summary>
    public static IReadOnlyList<FaultKind> All { get; } = [FaultKind.CoolantLeak, FaultKind.BatteryCellDecay, FaultKind.TyreLeak];

    public static string Of(FaultKind kind) => kind switch
    {
        FaultKind.CoolantLeak => "coolant-leak",
        FaultKind.BatteryCellDecay => "battery-cell-decay",
        FaultKind.TyreLeak => "tyre-leak",
        FaultKind.None => "none",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a fault."),
    };

    /// <returns>False where no fault has this name.</returns>
    public static bool TryParse(string name, out FaultKind kind)
    {
        kind = All.FirstOrDefault(k => string.Equals(Of(k), name, StringComparison.OrdinalIgnoreCase));
        return kind != FaultKind.None;
    }
}
