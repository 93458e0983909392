using Kappa.Iot.Simulator.Faults;
using Kappa.Iot.Simulator.Physics;

namespace Kappa.Iot.Simulator.Fleet;

/// <summary>What a simulated fleet is and does.</summary>
public sealed record FleetOptions
{
    public int Vehicles { get; init; } = 100;

    /// <summary>Profiles, given to the vehicles in turn.</summary>
    public IReadOnlyList<string> Profiles { get; init; } = [Contracts.VehicleProfiles.Combustion, Contracts.VehicleProfiles.Electric];

    public City City { get; init; } = City.All[0];

    public ulong Seed { get; init; } = 1;

    /// <summary>How far back in event time the vehicles begin.</summary>
    public TimeSpan History { get; init; }

    /// <summary>How long the fleet goes on once it is live; null: until stopped.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Event time that passes per time of the clock, in the live phase.</summary>
    public double Speed { get; init; } = 1;

    public TimeSpan SampleInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time that one batch covers: a multiple of <see cref="SampleInterval"/>.</summary>
    public TimeSpan Batch { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Null: nothing ever breaks by itself.</summary>
    public FaultOptions? Faults { get; init; }

    /// <summary>File that gets a line for every fault that begins or ends.</summary>
    public string? TruthFile { get; init; }

    /// <summary>Folder in which the fleet survives a crash of the simulator.</summary>
    public string? StateFolder { get; init; }

    /// <summary>File that gets the list of the vehicles and their owners.</summary>
    public string? RosterFile { get; init; }

    /// <summary>How long the end waits for missing acknowledgements.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>What is wrong with these options, for people, or null.</summary>
    public string? Problem()
    {
        if (SampleInterval < TimeSpan.FromMilliseconds(1) || SampleInterval > TimeSpan.FromHours(1))
            return $"--sample-interval is from 1ms to 1h, not {SampleInterval}.";
        if (Batch < SampleInterval || Batch.Ticks % SampleInterval.Ticks != 0 || Batch.Ticks / SampleInterval.Ticks > 10_000)
            return $"--batch is 1 to 10,000 times --sample-interval ({SampleInterval}), without a rest; {Batch} is not.";
        return null;
    }

    public int SamplesPerBatch => (int)(Batch.Ticks / SampleInterval.Ticks);
}
