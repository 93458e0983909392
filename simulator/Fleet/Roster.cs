using Bogus;
using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Physics;

namespace Kappa.Iot.Simulator.Fleet;

/// <summary>Invents the fleet: people, cars and vehicle identification numbers, the same for the same seed.</summary>
public static class Roster
{
    // World manufacturer identifiers that are really in use, with what they stand for.
    private static readonly (string Wmi, string Make, string[] Combustion, string[] Electric)[] Makers =
    [
        ("WVW", "Volkswagen", ["Golf", "Passat", "Polo"], ["ID.3", "ID.7"]),
        ("WBA", "BMW", ["118i", "320i", "520i"], ["i4", "i5"]),
        ("WAU", "Audi", ["A3", "A4", "A6"], ["Q4 e-tron", "A6 e-tron"]),
        ("W1K", "Mercedes-Benz", ["A 180", "C 200", "E 200"], ["EQE", "CLA electric"]),
        ("VF1", "Renault", ["Clio", "Megane"], ["R5 E-Tech", "Megane E-Tech"]),
        ("VF3", "Peugeot", ["208", "308"], ["e-208", "e-308"]),
        ("TMB", "Škoda", ["Fabia", "Octavia"], ["Elroq", "Enyaq"]),
        ("YV1", "Volvo", ["V60", "XC60"], ["EX30", "EX90"]),
    ];

    private const string VinCharacters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789";

    // Model years of 49 CFR 565: no I, O, Q, U, Z and 0.
    private const string ModelYears = "ABCDEFGHJKLMNPRSTVWXY123456789";

    public static IReadOnlyList<VehicleIdentity> Create(int vehicles, IReadOnlyList<string> profiles, ulong seed)
    {
        var faker = new Faker { Random = new Randomizer((int)(Noise.Mix(seed) & 0x7FFFFFFF)) };
        var fleet = new VehicleIdentity[vehicles];
        for (var i = 0; i < vehicles; i++)
        {
            var profile = profiles[i % profiles.Count];
            var maker = faker.PickRandom(Makers);
            var year = faker.Random.Int(profile == VehicleProfiles.Electric ? 2021 : 2014, 2026);
            var attributes = faker.Random.String2(5, VinCharacters);
            // The serial number makes it unique in the fleet; the check digit in the ninth place follows from the rest.
            var vin = Vin.WithCheckDigit($"{maker.Wmi}{attributes}0{ModelYears[(year - 2010) % 30]}{faker.Random.String2(1, VinCharacters)}{i + 1:D6}");
            var model = faker.PickRandom(profile == VehicleProfiles.Electric ? maker.Electric : maker.Combustion);
            fleet[i] = new VehicleIdentity(vin, profile, maker.Make, model, year, faker.Name.FullName(), Noise.Mix(seed + (0x51ED27UL * (ulong)(i + 1))));
        }

        return fleet;
    }
}
