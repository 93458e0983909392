namespace Kappa.Iot.Simulator.Physics;

/// <summary>Drives a vehicle through the road network: keeps to limits, brakes for turns, waits at red lights.</summary>
public sealed class Driver(RoadNetwork roads, double temper)
{
    private const double TurnSpeed = 6;
    private const double RedLight = 0.32, LongStop = 0.06;

    private readonly double _accelerate = 1.9 * temper, _brake = 1.8 * temper;

    /// <summary>Puts the vehicle on a random road.</summary>
    public void Start(ref VehicleState s)
    {
        const int reach = RoadNetwork.Size - 3;
        s.FromX = (int)Noise.Between(ref s.Random, -reach, reach);
        s.FromY = (int)Noise.Between(ref s.Random, -reach, reach);
        // Main roads are everywhere joined, so that nobody starts on an island.
        s.FromX -= s.FromX % 5;
        (s.ToX, s.ToY) = (s.FromX, s.FromY + 1);
        Enter(ref s, Noise.Uniform(ref s.Random));
        s.Altitude = RoadNetwork.Altitude(s.East, s.North);
    }

    /// <summary>Drives on by <paramref name="dt"/> seconds (at most one).</summary>
    public void Step(ref VehicleState s, double dt)
    {
        s.Traffic += (-0.02 * s.Traffic * dt) + (0.02 * Math.Sqrt(dt) * Noise.Normal(ref s.Random));
        var remaining = s.EdgeLength - s.EdgePosition;

        if (s.StopRemaining > 0)
        {
            s.StopRemaining -= dt;
            s.Speed = 0;
            s.Acceleration = 0;
            if (s.StopRemaining <= 0) s.EndSpeed = TurnSpeed;
            return;
        }

        var wanted = s.EdgeLimit * (0.95 + (0.05 * temper)) * (1 + Math.Clamp(s.Traffic, -0.35, 0.12));
        var forEnd = Math.Sqrt((s.EndSpeed * s.EndSpeed) + (2 * _brake * Math.Max(0.3, remaining - 3)));
        var target = Math.Min(wanted, forEnd);
        var strongest = _accelerate / (1 + (s.Speed / 16));
        var acceleration = Math.Clamp((target - s.Speed) / 1.3, -3.4, strongest);
        s.Acceleration += (acceleration - s.Acceleration) * Math.Min(1, 0.75 * dt);
        var before = s.Speed;
        s.Speed = Math.Max(0, s.Speed + (s.Acceleration * dt));
        s.Acceleration = (s.Speed - before) / dt;
        s.EdgePosition += s.Speed * dt;
        s.OdometerKm += s.Speed * dt / 1000;

        if (s.EndSpeed == 0 && s.EdgeLength - s.EdgePosition < 6 && s.Speed < 2.5)
        {
            s.StopRemaining = Noise.Uniform(ref s.Random) < LongStop
                ? Noise.Between(ref s.Random, 60, 150)
                : Noise.Between(ref s.Random, 4, 40);
            s.EdgePosition = Math.Min(s.EdgePosition, s.EdgeLength);
        }

        while (s.EdgePosition >= s.EdgeLength && s.StopRemaining <= 0)
        {
            var over = s.EdgePosition - s.EdgeLength;
            (s.FromX, s.FromY, s.ToX, s.ToY) = (s.ToX, s.ToY, s.NextX, s.NextY);
            Enter(ref s, 0);
            s.EdgePosition = over;
        }

        Place(ref s);
    }

    private void Enter(ref VehicleState s, double share)
    {
        var (fromEast, fromNorth) = roads.Place(s.FromX, s.FromY);
        var (toEast, toNorth) = roads.Place(s.ToX, s.ToY);
        double east = toEast - fromEast, north = toNorth - fromNorth;
        s.EdgeLength = Math.Sqrt((east * east) + (north * north));
        s.EdgePosition = share * s.EdgeLength;
        s.EdgeLimit = RoadNetwork.Limit(s.FromX, s.FromY, s.ToX, s.ToY);
        s.Heading = ((Math.Atan2(east, north) * 180 / Math.PI) + 360) % 360;

        (s.NextX, s.NextY) = RoadNetwork.Turn(s.FromX, s.FromY, s.ToX, s.ToY, ref s.Random);
        var straight = s.NextX - s.ToX == s.ToX - s.FromX && s.NextY - s.ToY == s.ToY - s.FromY;
        var red = Noise.Uniform(ref s.Random) < RedLight && RoadNetwork.HasLights(s.FromX, s.FromY, s.ToX, s.ToY);
        s.EndSpeed = red ? 0 : straight ? RoadNetwork.Limit(s.ToX, s.ToY, s.NextX, s.NextY) : TurnSpeed;
        Place(ref s);
    }

    private void Place(ref VehicleState s)
    {
        var (fromEast, fromNorth) = roads.Place(s.FromX, s.FromY);
        var (toEast, toNorth) = roads.Place(s.ToX, s.ToY);
        var share = s.EdgePosition / s.EdgeLength;
        s.East = fromEast + (share * (toEast - fromEast));
        s.North = fromNorth + (share * (toNorth - fromNorth));
    }
}
