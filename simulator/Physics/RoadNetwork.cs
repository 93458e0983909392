namespace Kappa.Iot.Simulator.Physics;

/// <summary>
/// The roads of a city: a bent grid of crossings with main roads every few blocks and a motorway ring around it. It takes no memory:
/// where a crossing lies, and whether two are joined, is computed from their numbers.
/// </summary>
public sealed class RoadNetwork(City city)
{
    /// <summary>Crossings are numbered from -Size to Size on both axes; the outermost are the ring.</summary>
    public const int Size = 20;

    private const int MainRoadEvery = 5;
    private const double Block = 320, Jitter = 85;
    private const double MetresPerDegree = 111_320;

    private static readonly (int X, int Y)[] Directions = [(1, 0), (0, 1), (-1, 0), (0, -1)];

    private readonly double _cos = Math.Cos(city.RoadAngle), _sin = Math.Sin(city.RoadAngle);
    private readonly double _metresPerDegreeEast = MetresPerDegree * Math.Cos(city.Latitude * Math.PI / 180);

    /// <summary>A crossing's place, metres east and north of the centre.</summary>
    public (double East, double North) Place(int x, int y)
    {
        var hash = Noise.Mix(Key(x, y));
        var u = (x * Block) + (Jitter * (((hash & 0xFFFF) / 32767.5) - 1));
        var v = (y * Block) + (Jitter * ((((hash >> 16) & 0xFFFF) / 32767.5) - 1));
        return ((u * _cos) - (v * _sin), (u * _sin) + (v * _cos));
    }

    public double Latitude(double north) => city.Latitude + (north / MetresPerDegree);

    public double Longitude(double east) => city.Longitude + (east / _metresPerDegreeEast);

    /// <summary>Metres above the lowest street: gentle hills.</summary>
    public static double Altitude(double east, double north) => 9 * (2 + Math.Sin(east / 610) + Math.Cos(north / 760));

    /// <summary>Speed limit between two neighbouring crossings, m/s.</summary>
    public static double Limit(int fromX, int fromY, int toX, int toY)
    {
        if (IsRing(fromX, fromY, toX, toY)) return 100 / 3.6;
        if (IsMainRoad(fromX, fromY, toX, toY)) return 60 / 3.6;
        return Noise.Mix(Key(Math.Min(fromX, toX), Math.Min(fromY, toY)) + 7) % 3 == 0 ? 30 / 3.6 : 50 / 3.6;
    }

    /// <summary>Whether traffic lights can stop a car that comes to this crossing.</summary>
    public static bool HasLights(int fromX, int fromY, int x, int y) => !IsRing(fromX, fromY, x, y);

    /// <summary>Where to go from a crossing: rather straight on, rather on main roads, back only out of a dead end.</summary>
    public static (int X, int Y) Turn(int fromX, int fromY, int x, int y, ref ulong random)
    {
        Span<double> weights = stackalloc double[4];
        double sum = 0;
        for (var i = 0; i < 4; i++)
        {
            var (dx, dy) = Directions[i];
            int nextX = x + dx, nextY = y + dy;
            if ((nextX == fromX && nextY == fromY) || !Joined(x, y, nextX, nextY)) continue;
            var straight = dx == x - fromX && dy == y - fromY;
            weights[i] = (straight ? 3 : 1) * (IsMainRoad(x, y, nextX, nextY) ? 2 : 1);
            sum += weights[i];
        }

        var pick = Noise.Uniform(ref random) * sum;
        for (var i = 0; i < 4; i++)
        {
            if (weights[i] == 0) continue;
            pick -= weights[i];
            if (pick < 0) return (x + Directions[i].X, y + Directions[i].Y);
        }

        return (fromX, fromY);
    }

    /// <summary>Whether a road joins two neighbouring crossings.</summary>
    public static bool Joined(int x, int y, int toX, int toY)
    {
        if (Math.Abs(toX) > Size || Math.Abs(toY) > Size) return false;
        if (IsMainRoad(x, y, toX, toY) || IsRing(x, y, toX, toY)) return true;
        var across = y == toY ? 1u : 0u;
        return Noise.Mix((Key(Math.Min(x, toX), Math.Min(y, toY)) * 2) + across + 99) % 100 < 80;
    }

    private static bool IsMainRoad(int x, int y, int toX, int toY) =>
        (x == toX && x % MainRoadEvery == 0) || (y == toY && y % MainRoadEvery == 0);

    private static bool IsRing(int x, int y, int toX, int toY) =>
        (x == toX && Math.Abs(x) == Size) || (y == toY && Math.Abs(y) == Size);

    private static ulong Key(int x, int y) => ((ulong)(uint)(x + 1000) << 32) | (uint)(y + 1000);
}
