using System.Diagnostics.Metrics;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>One partition that is scored live, transaction by transaction.</summary>
internal sealed class LivePartition : IDisposable
{
    public const string Profile = "turns";

    private const int Vehicles = 5;

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly Fleet _fleet = new(Profile, Vehicles, seed: 41, faults: true);

    private LivePartition(TestLog log, Predicate<long> breaks, bool isFirst, bool rewind)
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == meters && instrument.Name == "kappa.scoring.gaps") listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((_, measured, _, _) => Missed += measured);
        _listener.Start();
        Before = new BreakingDetector(TestLog.Load("before"), _ => false);
        After = new BreakingDetector(TestLog.Load("after"), batch => breaks(Offset(batch)));
        Models = new GivenModels(Profile, Before, After);
        if (isFirst) Models.Now = ModelSet.Empty;
        Reader = new WarmUpReader(Options.Create(log.Kafka), Options.Create(new ScoringOptions()), Options.Create(new ModelOptions { Rewind = rewind }), NullLogger<WarmUpReader>.Instance);
        var turns = new LiveTurns(0, Models.Now, new Dictionary<string, IDetector>(), State, Reader, Told, Time, NullLogger.Instance);
        Scorer = new PartitionScorer(
            0, 0, State, Models, new ScoringTopics(), scope: null, new ScoringMetrics(meters), Time, NullLogger<PartitionScorer>.Instance, turns);
    }

    public BreakingDetector Before { get; }

    public BreakingDetector After { get; }

    public GivenModels Models { get; }

    /// <summary>Does not run: what is asked of it the test does.</summary>
    public WarmUpReader Reader { get; }

    public SpeakingModels Told { get; } = new();

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UnixEpoch.AddYears(50));

    public PartitionState State { get; } = new(0, 1_000);

    public PartitionScorer Scorer { get; }

    public List<ConsumeResult<byte[], byte[]>> Records { get; } = [];

    public List<Score> Scores { get; } = [];

    public List<Alert> Alerts { get; } = [];

    public List<Message<byte[], byte[]>> DeadLetters { get; } = [];

    /// <summary>Batches that were counted as missed.</summary>
    public long Missed { get; private set; }

    /// <summary>Records that each transaction wrote.</summary>
    public List<int> Written { get; } = [];

    /// <param name="log">Where its models are.</param>
    /// <param name="breaks">Offsets that break the model that is promoted.</param>
    /// <param name="isFirst">There is no model before it.</param>
    /// <param name="rewind">Whether it then is to score what came before it.</param>
    public static async Task<LivePartition> StartAsync(TestLog log, Predicate<long>? breaks = null, bool isFirst = false, bool rewind = true)
    {
        await log.PublishAsync($"trained-{Guid.NewGuid():N}"); // there are models to load from now on
        return new LivePartition(log, breaks ?? (_ => false), isFirst, rewind);
    }

    public void Promote() => Models.Now = GivenModels.Only(Profile, After);

    /// <summary>Scores so many records in one transaction.</summary>
    /// <param name="records">How many.</param>
    /// <param name="first">How far off the first one's time is.</param>
    /// <param name="profile">Of the vehicles.</param>
    public void Score(int records, TimeSpan first = default, string profile = Profile)
    {
        var next = Enumerable.Range(Records.Count, records).Select(offset => Record(offset, offset == Records.Count ? first : TimeSpan.Zero, profile)).ToList();
        Records.AddRange(next);
        Process(next);
    }

    /// <summary>The vehicles send once more what they sent last.</summary>
    public void Repeat()
    {
        var next = Records.TakeLast(Vehicles).Select((record, i) => new ConsumeResult<byte[], byte[]>
        {
            TopicPartitionOffset = new TopicPartitionOffset("telemetry", 0, Records.Count + i),
            Message = record.Message,
        }).ToList();
        Records.AddRange(next);
        Process(next);
    }

    /// <summary>What it does though no record comes, as long as it says that there is something.</summary>
    /// <returns>How often.</returns>
    public int Idle()
    {
        var times = 0;
        for (; ((IPartitionProcessor)Scorer).HasWork; times++)
        {
            Assert.True(times < 1_000, "It never comes to an end.");
            Process([]);
            TryRead();
        }

        return times;
    }

    private void Process(IReadOnlyList<ConsumeResult<byte[], byte[]>> records)
    {
        var output = new TransactionOutput();
        Scorer.Process(records, output);
        var (scores, alerts, dead) = (new ScoringTopics().Scores, new ScoringTopics().Alerts, new ScoringTopics().DeadLetter);
        Scores.AddRange(output.Records.Where(record => record.To.Topic == scores).Select(record => Contracts.Score.Parser.ParseFrom(record.Message.Value)));
        Alerts.AddRange(output.Records.Where(record => record.To.Topic == alerts).Select(record => Alert.Parser.ParseFrom(record.Message.Value)));
        DeadLetters.AddRange(output.Records.Where(record => record.To.Topic == dead).Select(record => record.Message));
        Written.Add(output.Count);
    }

    /// <summary>Reads what was asked for.</summary>
    public void Read() => Assert.True(TryRead(), "Nothing is asked for.");

    public bool TryRead()
    {
        if (!Reader.Requests.TryRead(out var request)) return false;
        if (request.Time is not null) request.StartAt(0);
        request.Take(Records.Where(record => record.Offset >= request.Next && record.Offset < request.Until).ToList());
        Assert.True(request.Done.IsCompletedSuccessfully);
        return true;
    }

    public void Dispose()
    {
        Reader.Dispose();
        _listener.Dispose();
        _services.Dispose();
    }

    private static long Offset(TelemetryBatch batch) => ((long)(batch.Sequence - 1) * Vehicles) + int.Parse(batch.Vin[^4..], System.Globalization.CultureInfo.InvariantCulture);

    private ConsumeResult<byte[], byte[]> Record(int offset, TimeSpan off, string profile)
    {
        var batch = _fleet.Batch(offset % Vehicles, 1 + (offset / Vehicles));
        batch.Profile = profile;
        return new ConsumeResult<byte[], byte[]>
        {
            TopicPartitionOffset = new TopicPartitionOffset("telemetry", 0, offset),
            Message = new Message<byte[], byte[]>
            {
                Key = System.Text.Encoding.ASCII.GetBytes(batch.Vin),
                Value = batch.ToByteArray(),
                Timestamp = new Timestamp(batch.StartTimeMs + (long)off.TotalMilliseconds, TimestampType.CreateTime),
            },
        };
    }
}
