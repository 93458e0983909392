using FsCheck;
using FsCheck.Fluent;

namespace Kappa.Iot.Contracts.Tests.Vehicles;

public sealed class VinTests
{
    private const string Characters = "0123456789ABCDEFGHJKLMNPRSTUVWXYZ";

    private static readonly Arbitrary<string> Unchecked =
        Gen.Elements(Characters.ToCharArray()).ArrayOf(17).Select(c => new string(c)).ToArbitrary();

    [Theory]
    [InlineData("11111111111111111")]
    [InlineData("1M8GDM9AXKP042788")]
    [InlineData("5GZCZ43D13S812715")]
    public void IsValid_KnownVins_True(string vin) => Assert.True(Vin.IsValid(vin));

    [Theory]
    [InlineData("1M8GDM9A1KP042788")]
    [InlineData("1M8GDM9AXKP04278")]
    [InlineData("1M8GDM9AXKP0427880")]
    [InlineData("1M8GDM9AXKPO42788")]
    [InlineData("1m8gdm9axkp042788")]
    [InlineData("")]
    public void IsValid_WrongDigitLengthOrCharacter_False(string vin) => Assert.False(Vin.IsValid(vin));

    [Fact]
    public void WithCheckDigit_AnyVin_IsValidAndChangesOnlyTheNinth() =>
        Prop.ForAll(Unchecked, text =>
        {
            var vin = Vin.WithCheckDigit(text);
            return Vin.IsValid(vin) && vin[..8] == text[..8] && vin[9..] == text[9..] && Vin.WithCheckDigit(vin) == vin;
        }).QuickCheckThrowOnFailure();

    /// <summary>The check finds every mistyped digit.</summary>
    [Fact]
    public void IsValid_OneDigitMistyped_False() =>
        Prop.ForAll(Unchecked, Gen.Choose(0, 16).ToArbitrary(), Gen.Choose(1, 9).ToArbitrary(), (text, place, shift) =>
        {
            var vin = Vin.WithCheckDigit(text).ToCharArray();
            if (place == 8 || !char.IsAsciiDigit(vin[place])) return true;
            vin[place] = (char)('0' + ((vin[place] - '0' + shift) % 10));
            return !Vin.IsValid(vin);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void WithCheckDigit_ForbiddenLetter_SaysSo() =>
        Assert.Contains("I, O and Q", Assert.Throws<ArgumentException>(() => Vin.WithCheckDigit("IIIIIIIIIIIIIIIII")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("car1", true)]
    [InlineData("drive13-0", true)]
    [InlineData("", false)]
    [InlineData("a/b", false)]
    [InlineData("a+", false)]
    [InlineData("#", false)]
    public void VehicleId_IsValid_OnlyWhatIsSafeInATopic(string id, bool valid) => Assert.Equal(valid, VehicleId.IsValid(id));
}
