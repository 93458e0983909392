using System.CommandLine;
using System.Globalization;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>show</c>: all there is to know of a model.</summary>
internal static class ShowCommand
{
    private const int LeastWidth = 24;

    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true));

    public static Command Create(Screen screen)
    {
        var id = new Argument<string>("MODEL_ID") { Description = "As 'list' shows it." };
        var json = new Option<bool>("--json") { Description = "One line of JSON, with the training data's distributions." };
        var kafka = LogOption.Create();
        var command = new Command("show", "Shows a model's lineage, parameters, metrics and history.") { id, json, kafka };
        command.SetAction(async (parsed, cancel) =>
        {
            var registry = await new ModelRegistry(await LogOption.ConnectAsync(parsed.GetValue(kafka)!), NullLogger.Instance).ReadAllAsync(cancel);
            var version = registry.Find(parsed.GetValue(id)!);
            if (parsed.GetValue(json)) screen.Results.WriteLine(Json.Format(version));
            else Write(screen.Results, version, registry);
            return 0;
        });
        return command;
    }

    /// <summary>A model's stage in a word.</summary>
    public static string StageOf(ModelVersion version, RegistrySnapshot registry) =>
        registry.Active.TryGetValue(version.Profile, out var active) && active.ModelId == version.ModelId ? "active"
        : Word(version.Stage == ModelStage.ActiveStage ? ModelStage.Retired : version.Stage);

    private static string Word(ModelStage stage) => stage switch
    {
        ModelStage.Candidate => "candidate",
        ModelStage.Shadow => "shadow",
        ModelStage.ActiveStage => "active",
        ModelStage.Retired => "retired",
        _ => "unknown",
    };

    private static void Write(TextWriter results, ModelVersion version, RegistrySnapshot registry)
    {
        var lineage = version.Lineage ?? new Lineage();
        Section(results, version.ModelId,
        [
            ("profile", version.Profile),
            ("stage", StageOf(version, registry)),
            ("detector", version.Detector),
            ("trained", $"{Time(version.CreatedAtMs)} by {version.CreatedBy}"),
            ("artifact", Invariant($"{version.Artifact?.SizeBytes ?? 0} bytes, SHA-256 {version.Artifact?.Sha256}")),
        ]);
        Section(results, "lineage",
        [
            ("source", lineage.Source),
            ("event time", lineage.ToMs > 0 ? $"{Time(lineage.FromMs)} to {Time(lineage.ToMs)}" : "as recorded"),
            .. lineage.Offsets.Where(range => range.To > range.From).Select(range => (Invariant($"partition {range.Partition}"), Invariant($"offsets {range.From} to {range.To - 1}"))),
            ("data", Invariant($"{lineage.Batches} batches of {lineage.Vehicles} vehicles, fingerprint {lineage.DataFingerprint}")),
            ("code", lineage.CodeVersion),
            ("parent", lineage.ParentModelId.Length > 0 ? lineage.ParentModelId : "none"),
        ]);
        Section(results, "parameters", version.Parameters.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value)));
        Section(results, "metrics", version.Metrics.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value.ToString("0.#####", CultureInfo.InvariantCulture))));
        Section(results, "history", version.History.Select(change => (Time(change.AtMs), Describe(change))));
    }

    private static string Describe(StageChange change)
    {
        var other = change.OtherModelId.Length == 0 ? "" : change.Stage == ModelStage.Retired ? $", in favour of {change.OtherModelId}" : $", before it {change.OtherModelId}";
        return $"{Word(change.Stage)} by {change.By} ({change.Account}){other}{(change.Forced ? ", by force" : "")}{(change.Reason.Length > 0 ? $": {change.Reason}" : "")}";
    }

    private static void Section(TextWriter results, string title, IEnumerable<(string Name, string Value)> rows)
    {
        var all = rows.ToList();
        var width = all.Select(row => row.Name.Length).Append(LeastWidth).Max();
        results.WriteLine(title);
        foreach (var (name, value) in all) results.WriteLine($"  {name.PadRight(width)} {value}");
    }

    private static string Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms).ToString("u", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
