using System.CommandLine;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Judging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>promote</c>: makes a model the one that scores its profile, unless it is worse than the one that does.</summary>
internal static class PromoteCommand
{
    public static Command Create(Screen screen)
    {
        var time = TimeProvider.System;
        var id = new Argument<string>("MODEL_ID") { Description = "As 'train' or 'list' shows it." };
        var force = new Option<bool>("--force") { Description = "Promote it even if it is worse than the active model, or cannot be compared with it." };
        var from = TimeArgument.Option("--from", "Compare on telemetry of the log from this event time on. Default: what came after both were trained.", time);
        var to = TimeArgument.Option("--to", "First event time after it. Default: now.", time);
        var traces = new Option<DirectoryInfo?>("--traces") { Description = "Compare on recorded traces (CSV) of normal driving.", HelpName = "DIR" };
        var kafka = LogOption.Create();
        var decision = new DecisionOptions();
        var command = new Command("promote", "Makes a model the active one of its profile; running scorers take it up. One that is worse than the active model on the same data is refused.")
        {
            id, force, from, to, traces, kafka,
        };
        decision.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(traces) is not null && result.GetResult(from) is not null) result.AddError("Give either --from or --traces.");
        });
        command.SetAction(async (parsed, cancel) =>
        {
            var now = time.GetUtcNow();
            DateTimeOffset? Time(Option<string?> option) => parsed.GetValue(option) is { } text ? TimeArgument.Parse(text, now) : null;
            var source = new JudgingSource(Time(from), Time(to) ?? now, parsed.GetValue(traces)?.FullName);
            var log = await LogOption.ConnectAsync(parsed.GetValue(kafka)!);
            await PromoteAsync(log, parsed.GetValue(id)!, source, decision.Read(parsed), parsed.GetValue(force), screen, cancel);
            return 0;
        });
        return command;
    }

    private static async Task PromoteAsync(KafkaOptions log, string modelId, JudgingSource source, Decision decision, bool force, Screen screen, CancellationToken cancel)
    {
        var registry = new ModelRegistry(log, NullLogger.Instance);
        var models = await registry.ReadAllAsync(cancel);
        var version = models.Find(modelId);
        // What cannot be loaded here could not be loaded by a scorer.
        ModelArtifact.Load(modelId, await registry.ReadArtifactAsync(version, cancel));
        if (models.Active.TryGetValue(version.Profile, out var before) && before.ModelId == modelId)
        {
            screen.Say($"{modelId} scores the profile {version.Profile} already.");
            return;
        }
        if (before is not null && await ObjectionAsync(new Judge(log, registry, screen), version, models.Find(before.ModelId), source, force, cancel) is { } objection)
        {
            if (!force) throw new CommandException($"Model '{modelId}' is not promoted, {before.ModelId} stays active: {objection}. --force promotes it all the same.");
            screen.Say($"Promoted by force, although {objection}.");
            decision = decision with { Forced = true };
        }
        var active = await registry.PromoteAsync(modelId, decision, cancel);
        var replaced = active.PreviousModelId.Length > 0 ? $" It was {active.PreviousModelId}." : "";
        screen.Say($"{active.ModelId} scores the profile {active.Profile} now, by {active.PromotedBy}.{replaced}");
    }

    private static async Task<string?> ObjectionAsync(Judge judge, ModelVersion candidate, ModelVersion active, JudgingSource source, bool force, CancellationToken cancel)
    {
        try
        {
            return (await judge.CompareAsync(candidate, active, source, cancel)).Objection;
        }
        catch (Exception e) when (force && e is CommandException or InvalidDataException or ModelRegistryException)
        {
            return $"they could not be compared ({e.Message})";
        }
    }
}
