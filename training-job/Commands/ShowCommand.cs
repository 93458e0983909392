using System.CommandLine;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Terminal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>show</c>: all there is to know of a model, as JSON.</summary>
internal static class ShowCommand
{
    private static readonly JsonFormatter Json = new(JsonFormatter.Settings.Default.WithIndentation().WithPreserveProtoFieldNames(true));

    public static Command Create(Screen screen)
    {
        var id = new Argument<string>("MODEL_ID") { Description = "As 'list' shows it." };
        var kafka = LogOption.Create();
        var command = new Command("show", "Shows a model's lineage, parameters and metrics.") { id, kafka };
        command.SetAction(async (parsed, cancel) =>
        {
            var modelId = parsed.GetValue(id)!;
            var registry = await new ModelRegistry(await LogOption.ConnectAsync(parsed.GetValue(kafka)!), NullLogger.Instance).ReadAllAsync(cancel);
            if (!registry.Versions.TryGetValue(modelId, out var version)) throw new CommandException($"There is no model '{modelId}' in the registry. 'list' shows them.");
            screen.Results.WriteLine(Json.Format(version));
            if (registry.Active.TryGetValue(version.Profile, out var active) && active.ModelId == modelId) screen.Results.WriteLine(Json.Format(active));
            return 0;
        });
        return command;
    }

    /// <summary>A model's stage in a word.</summary>
    public static string StageOf(ModelVersion version, RegistrySnapshot registry) =>
        registry.Active.TryGetValue(version.Profile, out var active) && active.ModelId == version.ModelId ? "active" : version.Stage switch
        {
            ModelStage.Candidate => "candidate",
            ModelStage.Shadow => "shadow",
            ModelStage.ActiveStage or ModelStage.Retired => "retired",
            _ => "unknown",
        };
}
