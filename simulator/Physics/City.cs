namespace Kappa.Iot.Simulator.Physics;

/// <summary>Where a fleet drives.</summary>
/// <param name="Name">As given to <c>--city</c>.</param>
/// <param name="Latitude">Of the centre, degrees.</param>
/// <param name="Longitude">Of the centre, degrees.</param>
/// <param name="RoadAngle">By how much the main roads are turned against north, radians.</param>
/// <param name="Ambient">Outside temperature, °C.</param>
public sealed record City(string Name, double Latitude, double Longitude, double RoadAngle, double Ambient)
{
    public static IReadOnlyList<City> All { get; } =
    [
        new("berlin", 52.5160, 13.3900, 0.12, 14),
        new("munich", 48.1374, 11.5755, 0.30, 13),
        new("stuttgart", 48.7758, 9.1829, 0.65, 15),
        new("madrid", 40.4168, -3.7038, 0.20, 21),
        new("paris", 48.8566, 2.3522, 0.45, 16),
    ];

    public static City? Find(string name) => All.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase));
}
