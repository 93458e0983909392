using Kappa.Iot.AlertApi.Running;
using Kappa.Iot.AlertApi.Vehicles;

namespace Kappa.Iot.AlertApi.Tests;

public sealed class VehicleBoardTests
{
    private readonly VehicleBoard _board = new(maxVehicles: 100);

    [Theory]
    [Trait("Invariant", "7")]
    [InlineData(5, 1, false)]
    [InlineData(4, 1, false)]
    [InlineData(9, 0, false)]
    [InlineData(6, 1, true)]
    [InlineData(1, 2, true)]
    public void Apply_Telemetry_HasAnEffectOnlyWhereItIsNewer(ulong sequence, ulong boot, bool effect)
    {
        _board.Apply(Samples.Telemetry("V", sequence: 5, boot: 1, latitude: 48));
        Assert.Equal(effect, _board.Apply(Samples.Telemetry("V", sequence, boot, latitude: 50)));
        Assert.Equal(effect ? 50 : 48, _board.Find("V")!.Latitude!.Value, precision: 3);
    }

    [Fact]
    public void Apply_PresenceOfAnOlderSession_DoesNotHideTheNewerOne()
    {
        _board.Apply(Samples.Presence("V", online: true, epoch: 2));
        _board.Apply(Samples.Presence("V", online: false, epoch: 1));
        Assert.True(_board.Find("V")!.Online);
        Assert.Equal(1, _board.Online);
        _board.Apply(Samples.Presence("V", online: false, epoch: 2));
        Assert.Equal(0, _board.Online);
    }

    [Fact]
    public void Apply_PositionsThatCannotBe_KeepsTheLastThatCould()
    {
        _board.Apply(Samples.Telemetry("V", sequence: 1, latitude: 48, longitude: 11));
        _board.Apply(Samples.Telemetry("V", sequence: 2, latitude: double.NaN, longitude: 12));
        _board.Apply(Samples.Telemetry("V", sequence: 3, latitude: 480, longitude: 13));
        Assert.Equal((48, 11), (_board.Find("V")!.Latitude, _board.Find("V")!.Longitude));
    }

    [Fact]
    public void Apply_ScoresOfAModelOnTrial_AreNotShown()
    {
        var batch = Samples.Telemetry("V");
        _board.Apply(batch);
        var shadow = Samples.Score(batch, 0.9f);
        shadow.Shadow = true;
        Assert.False(_board.Apply(shadow));
        Assert.True(_board.Apply(Samples.Score(batch, 0.2f)));
        Assert.False(_board.Apply(Samples.Score(batch, 0.7f)));
        Assert.Equal(0.2f, _board.Find("V")!.Score);
    }
}
