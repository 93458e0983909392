using System.Globalization;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Detection.Tests;
using Kappa.Iot.Embedded;
using Kappa.Iot.Peers;
using Kappa.Iot.Streaming;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Evaluation;
using Kappa.Iot.TrainingJob.Traces;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed class OverTheLogTests
{
    private const string Profile = VehicleProfiles.Obd;

    [Theory]
    [Trait("Invariant", "4")]
    [InlineData("made up")]
    [InlineData("recorded")]
    public async Task Traces_sent_through_the_gateway_get_bit_for_bit_the_scores_that_evaluate_gives_their_files(string traces)
    {
        using var folder = new TraceFolder();
        var (train, sent) = traces == "recorded" ? Recorded(folder) : (folder.Train, folder.Test);
        await using var kafka = await EmbeddedKafka.StartAsync(TestContext.Current.CancellationToken);
        string model = await TrainAsync(kafka.BootstrapServers, train, "1"), other = await TrainAsync(kafka.BootstrapServers, train, "2");
        var batches = Read(sent);
        var live = await SendAsync(kafka.BootstrapServers, model, sent, batches.Count);

        await AssertEvaluatedAsync(folder, batches, live, ["--train", train, "--test", sent, .. Effort, "--seed", "1"]);

        // And all that the scorer wrote with it: the signals behind each score, what was expected of them.
        var detector = await LoadAsync(kafka.BootstrapServers, model);
        Assert.Equal(Scores(detector, batches), BytesOf(live));
        Assert.True(live.Values.Count(score => score.Contributions.Count > 0) > batches.Count / 2, "Most batches were not judged.");

        // It can fail: another model, or a single sample that is off by one, gives other scores.
        Assert.NotEqual(Scores(await LoadAsync(kafka.BootstrapServers, other, model), batches), BytesOf(live));
        var changed = batches[batches.Count / 4].Columns.First(column => column.Values.Any(float.IsFinite)).Values;
        changed[changed.ToList().FindIndex(float.IsFinite)] += 1;
        var bytes = BytesOf(live);
        Assert.InRange(Scores(detector, batches).Count(score => bytes[score.Key] != score.Value), 1, batches.Count - 1);
    }

    [Fact]
    [Trait("Invariant", "4")]
    public async Task A_network_from_elsewhere_scores_in_the_running_pipeline_as_it_does_here()
    {
        using var folder = new TraceFolder();
        await using var kafka = await EmbeddedKafka.StartAsync(TestContext.Current.CancellationToken);
        await BroughtModel.WriteAsync(folder, OnnxFile.Dense([3, 2, 3]), BroughtModel.Manifest(Profile));
        var registered = await BroughtModel.RegisterAsync(folder, kafka.BootstrapServers, "--traces", folder.Train);
        Assert.True(registered.ExitCode == 0, registered.People);

        var batches = Read(folder.Test);
        var live = await SendAsync(kafka.BootstrapServers, registered.LastLine, folder.Test, batches.Count);
        await AssertEvaluatedAsync(folder, batches, live, ["--model", registered.LastLine, "--test", folder.Test, "--kafka", kafka.BootstrapServers]);
        Assert.Equal(Scores(await LoadAsync(kafka.BootstrapServers, registered.LastLine), batches), BytesOf(live));
        Assert.All(live.Values, score => Assert.Equal((registered.LastLine, 3), (score.ModelId, score.Contributions.Count)));
    }

    private static readonly string[] Effort = ["--effort", "quick", "--disturbances", "200"];

    /// <summary>Promotes the model, starts gateway and scorer, replays the traces to them, and waits for the scores.</summary>
    private static async Task<Dictionary<(string Vin, ulong Sequence), Score>> SendAsync(string log, string model, string traces, int batches)
    {
        Assert.Equal(0, (await Run.Of("promote", model, "--kafka", log)).ExitCode);
        int mqtt = FreePort.Take(), gatewayHttp = FreePort.Take(), scorerHttp = FreePort.Take();
        await using var gateway = await ServiceRun.StartAsync("ingest-gateway", gatewayHttp, $"--Mqtt:Port={mqtt}", $"--Kafka:BootstrapServers={log}");
        await using var scorer = await ServiceRun.StartAsync("scoring-service", scorerHttp, $"--Kafka:BootstrapServers={log}", $"--Models:WaitFor={Profile}");
        await ServiceRun.RunAsync("simulator", "replay", traces, "--broker", $"127.0.0.1:{mqtt}", "--speed", "max", "--json");
        return await ReadScoresAsync(new KafkaOptions { BootstrapServers = log }, batches);
    }

    private static List<TelemetryBatch> Read(string folder) =>
        [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).SelectMany(file => RecordedTraces.Batches(file, Profile))];

    /// <summary>What 'evaluate' writes, a line a sample, is what came over the log.</summary>
    private static async Task AssertEvaluatedAsync(TraceFolder folder, IEnumerable<TelemetryBatch> batches, Dictionary<(string Vin, ulong Sequence), Score> live, string[] arguments)
    {
        var file = folder.PathOf("scores.csv");
        var evaluated = await Run.Of(["evaluate", "--scores", file, .. arguments]);
        Assert.True(evaluated.ExitCode == 0, evaluated.People);
        Assert.Equal(File.ReadLines(file).Skip(1).Order(StringComparer.Ordinal), batches.SelectMany(batch => Samples(batch, live[(batch.Vin, batch.Sequence)])).Order(StringComparer.Ordinal));
    }

    /// <summary>The lines that 'evaluate' would write of a batch that got this score.</summary>
    private static IEnumerable<string> Samples(TelemetryBatch batch, Score score) =>
        batch.Columns[0].Values.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"{batch.StartTimeMs + i * batch.SampleIntervalMs},{batch.Vin},{score.Score_:R}"));

    private static async Task<string> TrainAsync(string log, string folder, string seed)
    {
        var run = await Run.Of(["train", "--profile", Profile, "--traces", folder, "--kafka", log, .. Effort, "--seed", seed]);
        Assert.True(run.ExitCode == 0, run.People);
        return run.LastLine;
    }

    /// <param name="log">Where the registry is.</param>
    /// <param name="model">Whose artifact to load.</param>
    /// <param name="called">Another id to load it under, so that its scores differ by what they say only.</param>
    private static async Task<IDetector> LoadAsync(string log, string model, string? called = null) => ModelArtifact.Load(
        called ?? model, await new ModelRegistry(new KafkaOptions { BootstrapServers = log }, NullLogger.Instance).ReadArtifactAsync(model, TestContext.Current.CancellationToken));

    private static SortedDictionary<(string Vin, ulong Sequence), string> BytesOf(Dictionary<(string Vin, ulong Sequence), Score> scores) =>
        new(scores.ToDictionary(score => score.Key, score => BytesOf(score.Value)));

    /// <summary>By vehicle and sequence, the score's bytes, but for its place on the log.</summary>
    private static SortedDictionary<(string Vin, ulong Sequence), string> Scores(IDetector detector, IEnumerable<TelemetryBatch> batches) =>
        new(ScoredTrip.Play(detector, batches).SelectMany(trip => trip.Steps).ToDictionary(step => (step.Score.Vin, step.Score.Sequence), step => BytesOf(step.Score)));

    private static string BytesOf(Score score)
    {
        var copy = score.Clone();
        copy.TelemetryOffset = 0;
        return Convert.ToHexString(copy.ToByteArray());
    }

    private static async Task<Dictionary<(string Vin, ulong Sequence), Score>> ReadScoresAsync(KafkaOptions kafka, int wanted)
    {
        var until = DateTime.UtcNow + TimeSpan.FromMinutes(4);
        while (true)
        {
            var found = new Dictionary<(string, ulong), Score>();
            var reader = new LogReader(kafka, "test", NullLogger.Instance);
            var ranges = await reader.FindAsync(TopicCatalogue.Scores.Name, LogStart.Beginning, TestContext.Current.CancellationToken);
            await reader.ReadAsync(ranges, (IReadOnlyList<ConsumeResult<byte[], byte[]>> records, CancellationToken _) =>
            {
                foreach (var score in records.Select(record => Score.Parser.ParseFrom(record.Message.Value))) found.Add((score.Vin, score.Sequence), score);
                return ValueTask.CompletedTask;
            }, TestContext.Current.CancellationToken);
            if (found.Count >= wanted || DateTime.UtcNow > until) return found;
            await Task.Delay(300, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Eight recorded normal trips to train on, three others to send.</summary>
    private static (string Train, string Sent) Recorded(TraceFolder folder)
    {
        foreach (var (part, count) in (ReadOnlySpan<(string, int)>)[("train", 8), ("dev", 3)])
        {
            var into = Directory.CreateDirectory(folder.PathOf($"recorded-{part}")).FullName;
            foreach (var file in RecordedTrips.Files(part).Take(count)) File.Copy(file, Path.Combine(into, Path.GetFileName(file)));
        }
        return (folder.PathOf("recorded-train"), folder.PathOf("recorded-dev"));
    }
}
