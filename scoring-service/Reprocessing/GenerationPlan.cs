using System.Globalization;
using System.Reflection;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming;
using Kappa.Iot.Streaming.Models;

namespace Kappa.Iot.ScoringService;

/// <summary>Settles what a generation is made of, once: which offsets are read and which model scores which of them. Whoever continues it keeps to that.</summary>
internal sealed class GenerationPlan(KafkaOptions kafka, ScoringTopics topics, TimeProvider time, ILogger logger)
{
    public static readonly TimeSpan DefaultWarmUp = TimeSpan.FromHours(1);
    public static readonly TimeSpan DefaultLate = TimeSpan.FromHours(1);

    /// <summary>The detection code of this process.</summary>
    public static string CodeVersion { get; } =
        typeof(IDetector).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <exception cref="CommandException">There is nothing in the range, or no model for it.</exception>
    /// <exception cref="ModelRegistryException">A model is not there.</exception>
    public async Task<Generation> MakeAsync(ReprocessRequest request, IProgress<double> progress, CancellationToken cancel)
    {
        if (request.From is null) throw new CommandException($"There is no generation '{request.Generation}' yet. Say from when on telemetry is to be scored: --from T.");
        if (request.ModelIds.Count == 0 && !request.Code)
            throw new CommandException($"There is no generation '{request.Generation}' yet. Say what is to score it: --model ID, or --code for the models that were active, with today's code.");

        var now = time.GetUtcNow();
        var generation = new Generation
        {
            Name = request.Generation,
            ModelIds = { request.ModelIds },
            FromText = request.From,
            ToText = request.To ?? "now",
            FromMs = TimeArgument.Parse(request.From, now).ToUnixTimeMilliseconds(),
            ToMs = TimeArgument.Parse(request.To ?? "now", now).ToUnixTimeMilliseconds(),
            WarmUpMs = (long)(request.WarmUp ?? DefaultWarmUp).TotalMilliseconds,
            LateMs = (long)(request.Late ?? DefaultLate).TotalMilliseconds,
            CreatedAtMs = now.ToUnixTimeMilliseconds(),
            CodeVersion = CodeVersion,
        };
        if (generation.ToMs <= generation.FromMs) throw new CommandException($"--to ({Iso(generation.ToMs)}) must be after --from ({Iso(generation.FromMs)}).");

        var versions = await FindModelsAsync(request.ModelIds, cancel);
        generation.Telemetry.AddRange(await FindTelemetryAsync(generation, cancel));
        generation.Models.AddRange(await FindModelsAsync(generation, versions, progress, cancel));
        await ReachBackAsync(generation, cancel);
        return generation;
    }

    /// <summary>Whether a request means the generation that is there.</summary>
    /// <exception cref="CommandException">It does not; the message says in what.</exception>
    public void Check(Generation known, ReprocessRequest request)
    {
        if (known.Discarding) throw new CommandException($"Generation {known.Name} is being discarded. Discard it to the end, or choose another name.");
        var now = time.GetUtcNow();
        var others = new List<string>();
        if ((request.Code || request.ModelIds.Count > 0) && !request.ModelIds.Order(StringComparer.Ordinal).SequenceEqual(known.ModelIds.Order(StringComparer.Ordinal)))
            others.Add($"scored by {Scorers(known)}, not by {(request.Code ? "the models that were active (--code)" : string.Join(", ", request.ModelIds))}");
        if (request.From is { } from && from != known.FromText && TimeArgument.Parse(from, now).ToUnixTimeMilliseconds() != known.FromMs)
            others.Add($"--from is {known.FromText} ({Iso(known.FromMs)}), not {from}");
        if (request.To is { } to && to != known.ToText && TimeArgument.Parse(to, now).ToUnixTimeMilliseconds() != known.ToMs)
            others.Add($"--to is {known.ToText} ({Iso(known.ToMs)}), not {to}");
        if (request.WarmUp is { } warmUp && (long)warmUp.TotalMilliseconds != known.WarmUpMs) others.Add($"--warm-up is {TimeSpan.FromMilliseconds(known.WarmUpMs)}, not {warmUp}");
        if (request.Late is { } late && (long)late.TotalMilliseconds != known.LateMs) others.Add($"--late is {TimeSpan.FromMilliseconds(known.LateMs)}, not {late}");
        if (known.FinishedAtMs == 0 && known.CodeVersion != CodeVersion) others.Add($"its first part was scored by version {known.CodeVersion} of the code, this is {CodeVersion}");
        if (others.Count == 0) return;
        throw new CommandException(
            $"There is a generation {known.Name} already, and it is another one: {string.Join("; ", others)}. Choose another name, or 'discard {known.Name}' first; 'reprocess --generation {known.Name}' alone continues it.");
    }

    /// <summary>What scores a generation, in words.</summary>
    public static string Scorers(Generation generation) => generation.ModelIds.Count > 0 ? string.Join(", ", generation.ModelIds) : "the models that were active (--code)";

    public static string Iso(long unixMs) => DateTimeOffset.FromUnixTimeMilliseconds(unixMs).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private async Task<List<ModelVersion>> FindModelsAsync(IReadOnlyList<string> modelIds, CancellationToken cancel)
    {
        var registry = await new ModelRegistry(kafka, logger).ReadAllAsync(cancel);
        var versions = modelIds.Select(id => registry.Versions.TryGetValue(id, out var version) ? version : throw new CommandException(
            $"There is no model '{id}' in the registry, which has {registry.Versions.Count}. The training job's 'list' shows them.")).ToList();
        if (versions.GroupBy(version => version.Profile).FirstOrDefault(group => group.Count() > 1) is { } both)
            throw new CommandException($"The models {string.Join(" and ", both.Select(version => version.ModelId))} are both of profile {both.Key}: give one a profile.");
        return versions;
    }

    private async Task<IEnumerable<OffsetRange>> FindTelemetryAsync(Generation generation, CancellationToken cancel)
    {
        var reader = new LogReader(kafka, "reprocess-plan", logger);
        var warm = await FindAsync(generation.FromMs - generation.WarmUpMs);
        var from = await FindAsync(generation.FromMs);
        var to = await FindAsync(generation.ToMs);
        var end = await FindAsync(generation.ToMs + generation.LateMs);
        if (from.All(start => start.Value >= to[start.Key]))
        {
            var records = (await reader.FindAsync(topics.Telemetry, LogStart.Beginning, cancel)).Sum(range => range.Length);
            throw new CommandException(
                $"There is no telemetry from {Iso(generation.FromMs)} to {Iso(generation.ToMs)} in {topics.Telemetry} ({(records == 0 ? "it is empty" : $"its {records} records are of other times")}). Choose another --from and --to.");
        }

        return warm.Keys.OrderBy(partition => partition.Partition.Value)
            .Select(partition => new OffsetRange { Partition = partition.Partition.Value, From = warm[partition], To = end[partition] });

        async Task<Dictionary<TopicPartition, long>> FindAsync(long unixMs) =>
            (await reader.FindAsync(topics.Telemetry, LogStart.At(DateTimeOffset.FromUnixTimeMilliseconds(unixMs)), cancel)).ToDictionary(range => range.Partition, range => range.From);
    }

    /// <summary>A model that had read along before it took over does so again: reading begins where it began.</summary>
    private async Task ReachBackAsync(Generation generation, CancellationToken cancel)
    {
        var warmed = generation.Models.SelectMany(models => models.Spans.Where(span => span.HasWarmedFrom).Select(span => (models.Partition, span.WarmedFrom))).ToLookup(span => span.Partition);
        if (warmed.Count == 0) return;
        var oldest = (await new LogReader(kafka, "reprocess-plan", logger).FindAsync(topics.Telemetry, LogStart.Beginning, cancel)).ToDictionary(range => range.Partition.Partition.Value, range => range.From);
        foreach (var range in generation.Telemetry)
        {
            foreach (var (_, from) in warmed[range.Partition]) range.From = Math.Min(range.From, Math.Max(from, oldest[range.Partition]));
        }
    }

    private async Task<IEnumerable<PartitionModels>> FindModelsAsync(Generation generation, List<ModelVersion> versions, IProgress<double> progress, CancellationToken cancel)
    {
        var telemetry = generation.Telemetry.ToDictionary(range => range.Partition);
        var start = DateTimeOffset.FromUnixTimeMilliseconds(generation.FromMs - generation.WarmUpMs);
        var live = await new LiveModels(kafka, logger).FindAsync(topics.Scores, telemetry, start, progress, cancel);
        if (versions.Count == 0 && live.Values.All(spans => spans.Active.Count == 0))
            throw new CommandException($"Nothing of this range was scored live (nothing in {topics.Scores}), so --code has no models to follow. Give one: --model ID.");

        foreach (var (partition, spans) in live)
        {
            spans.Active.RemoveAll(span => versions.Exists(version => version.Profile == span.Profile));
            spans.Shadows.RemoveAll(span => versions.Exists(version => version.Profile == span.Profile));
            spans.Active.InsertRange(0, versions.Select(version => new ModelSpan { Profile = version.Profile, ModelId = version.ModelId, FromOffset = telemetry[partition].From }));
        }

        return live.OrderBy(partition => partition.Key).Select(partition => new PartitionModels { Partition = partition.Key, Spans = { partition.Value.Active }, Shadows = { partition.Value.Shadows } });
    }
}
