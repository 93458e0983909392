using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Fleet;

namespace Kappa.Iot.Simulator.Tests.Fleet;

public sealed class RosterTests
{
    private static readonly string[] Both = [VehicleProfiles.Combustion, VehicleProfiles.Electric];

    [Fact]
    public void Create_5000Vehicles_AllVinsValidAndDistinct()
    {
        var fleet = Roster.Create(5000, Both, 42);
        Assert.All(fleet, v => Assert.True(Vin.IsValid(v.Vin), v.Vin));
        Assert.Equal(5000, fleet.Select(v => v.Vin).Distinct().Count());
        Assert.All(fleet, v => Assert.NotEmpty(v.Owner));
        Assert.Equal(2500, fleet.Count(v => v.Profile == VehicleProfiles.Electric));
    }

    [Fact]
    public void Create_SameSeed_SameFleet()
    {
        Assert.Equal(Roster.Create(50, Both, 1), Roster.Create(50, Both, 1));
        Assert.NotEqual(Roster.Create(50, Both, 1), Roster.Create(50, Both, 2));
    }

    [Fact]
    public void Create_LargerFleet_BeginsWithTheSmallerOne() =>
        Assert.Equal(Roster.Create(10, Both, 1), Roster.Create(30, Both, 1).Take(10));
}
