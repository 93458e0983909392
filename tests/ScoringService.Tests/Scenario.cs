using System.Globalization;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>Telemetry of one test, and any number of scorings of it, each with a group and output topics of its own.</summary>
internal sealed class Scenario
{
    private Scenario(TestLog log, string name) => (Log, Name) = (log, name);

    public TestLog Log { get; }

    /// <summary>Also the profile of its vehicles.</summary>
    public string Name { get; }

    public string Telemetry => $"{Name}-telemetry";

    public int Partitions { get; private init; }

    public static async Task<Scenario> CreateAsync(TestLog log, int partitions = 4)
    {
        var scenario = new Scenario(log, $"s{Guid.NewGuid():N}"[..12]) { Partitions = partitions };
        await log.CreateTopicAsync(scenario.Telemetry, partitions);
        return scenario;
    }

    public async Task<Scoring> CreateScoringAsync(string name)
    {
        var scoring = new Scoring(this, $"{Name}-{name}");
        foreach (var topic in (string[])[scoring.Scores, scoring.Alerts, scoring.State, scoring.DeadLetters]) await Log.CreateTopicAsync(topic, Partitions);
        return scoring;
    }
}

/// <summary>One scoring of a scenario's telemetry.</summary>
/// <param name="generation">Of its name, one that was reprocessed beside it.</param>
internal sealed class Scoring(Scenario scenario, string name, string? generation = null)
{
    public string Scores => $"{name}-scores{Suffix}";

    public string Alerts => $"{name}-alerts{Suffix}";

    private string Suffix => generation is null ? "" : $".{generation}";

    public string State => $"{name}-state";

    public string DeadLetters => $"{name}-dead";

    public string GroupId => name;

    /// <summary>Starts a scorer as a process of its own.</summary>
    public ScorerProcess Start(string instance = "one", params string[] settings) => ScorerProcess.Start(
    [
        $"--Kafka:BootstrapServers={scenario.Log.Kafka.BootstrapServers}",
        $"--Kafka:Partitions={scenario.Log.Kafka.Partitions}",
        $"--Scoring:GroupId={name}",
        $"--Scoring:Instance={name}-{instance}",
        "--Scoring:SessionTimeout=00:00:06",
        $"--Scoring:Topics:Telemetry={scenario.Telemetry}",
        $"--Scoring:Topics:Scores={Scores}",
        $"--Scoring:Topics:Alerts={Alerts}",
        $"--Scoring:Topics:State={State}",
        $"--Scoring:Topics:DeadLetter={DeadLetters}",
        "--Scoring:Topics:FleetMinutes=", // the tests that watch the fleet give it topics of their own
        $"--Models:WaitFor={scenario.Name}",
        .. settings,
    ]);

    /// <summary>Starts a command of the scorer on what this scoring wrote.</summary>
    /// <param name="telemetry">Instead of the scenario's.</param>
    public ScorerProcess Command(string? telemetry, params string[] arguments) => ScorerProcess.Start(arguments, new()
    {
        ["Kafka__BootstrapServers"] = scenario.Log.Kafka.BootstrapServers,
        ["Kafka__Partitions"] = scenario.Log.Kafka.Partitions.ToString(CultureInfo.InvariantCulture),
        ["Scoring__GroupId"] = name,
        ["Scoring__SessionTimeout"] = "00:00:06",
        ["Scoring__Topics__Telemetry"] = telemetry ?? scenario.Telemetry,
        ["Scoring__Topics__Scores"] = Scores,
        ["Scoring__Topics__Alerts"] = Alerts,
        ["Scoring__Topics__State"] = State,
        ["Scoring__Topics__DeadLetter"] = DeadLetters,
    });

    /// <summary>What a generation of this scoring wrote.</summary>
    public Scoring Of(string generationName) => new(scenario, name, generationName);

    /// <summary>The scores as they are on the log: partition, key, time and bytes.</summary>
    public async Task<List<string>> ReadScoreBytesAsync() => [.. (await scenario.Log.ReadAsync(Scores)).Select(r => string.Create(CultureInfo.InvariantCulture,
        $"{r.Partition.Value} {System.Text.Encoding.UTF8.GetString(r.Message.Key)} {r.Message.Timestamp.UnixTimestampMs} {Convert.ToHexString(r.Message.Value)}"))];

    /// <summary>The alerts as they are on the log, but for the time of writing, which differs from run to run.</summary>
    public async Task<List<string>> ReadAlertBytesAsync() => [.. (await ReadAlertsAsync()).Select(a => $"{a.Partition} {Convert.ToHexString(Google.Protobuf.MessageExtensions.ToByteArray(a.Alert))}")];

    public async Task<List<(int Partition, Score Score)>> ReadScoresAsync() =>
        [.. (await scenario.Log.ReadAsync(Scores)).Select(r => (r.Partition.Value, Score.Parser.ParseFrom(r.Message.Value)))];

    /// <summary>Alerts without the time of writing, which differs from run to run.</summary>
    public async Task<List<(int Partition, Alert Alert)>> ReadAlertsAsync() => [.. (await scenario.Log.ReadAsync(Alerts)).Select(r =>
    {
        var alert = Alert.Parser.ParseFrom(r.Message.Value);
        Assert.InRange(alert.WrittenAtMs, 1, long.MaxValue);
        alert.WrittenAtMs = 0;
        return (r.Partition.Value, alert);
    })];

    /// <summary>Waits until so many scores are committed.</summary>
    public async Task WaitForScoresAsync(int count, ScorerProcess scorer)
    {
        var until = DateTime.UtcNow.AddMinutes(5);
        while ((await scenario.Log.ReadAsync(Scores)).Count is var found && found < count)
        {
            Assert.True(DateTime.UtcNow < until, string.Create(CultureInfo.InvariantCulture, $"Only {found} of {count} scores came.\n{scorer.Tail}"));
            Assert.False(scorer.HasExited, $"The scorer ended.\n{scorer.Tail}");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }
}
