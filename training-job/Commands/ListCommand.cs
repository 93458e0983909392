using System.CommandLine;
using System.Globalization;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>list</c>: the registry's models, newest first.</summary>
internal static class ListCommand
{
    public static Command Create(Screen screen)
    {
        var kafka = LogOption.Create();
        var command = new Command("list", "Shows all models of the registry.") { kafka };
        command.SetAction(async (parsed, cancel) =>
        {
            var registry = await new ModelRegistry(await LogOption.ConnectAsync(parsed.GetValue(kafka)!), NullLogger.Instance).ReadAllAsync(cancel);
            var table = new Table().AddColumns("model", "profile", "stage", "trained", "by", "vehicles", "false alerts/h");
            foreach (var version in registry.Versions.Values.OrderByDescending(version => version.CreatedAtMs))
            {
                table.AddRow(
                    Markup.Escape(version.ModelId), Markup.Escape(version.Profile), ShowCommand.StageOf(version, registry),
                    DateTimeOffset.FromUnixTimeMilliseconds(version.CreatedAtMs).ToString("u", CultureInfo.InvariantCulture), Markup.Escape(version.CreatedBy),
                    version.Lineage.Vehicles.ToString(CultureInfo.InvariantCulture),
                    version.Metrics.TryGetValue("false_alerts_per_hour", out var rate) ? rate.ToString("0.000", CultureInfo.InvariantCulture) : "");
            }
            screen.WriteTable(table);
            return 0;
        });
        return command;
    }
}
