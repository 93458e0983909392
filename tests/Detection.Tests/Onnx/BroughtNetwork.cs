using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Tests;

/// <summary>What people would say of the networks in these tests.</summary>
internal static class BroughtNetwork
{
    /// <summary>For the made-up vehicles: means over ten seconds, one row.</summary>
    public static OnnxManifest Synthetic => new()
    {
        Profile = "test",
        Signals = [.. new[] { SyntheticFleet.Speed, SyntheticFleet.Load, SyntheticFleet.Coolant, SyntheticFleet.Oil, SyntheticFleet.TyreLeft, SyntheticFleet.TyreRight }.Select(id => SignalCatalogue.Find(id)!.Path)],
        Mean = [60, 40, 85, 85, 235, 237],
        Scale = [20, 10, 5, 5, 10, 10],
    };
}
