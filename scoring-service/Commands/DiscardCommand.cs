using System.CommandLine;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.ScoringService.Commands;

/// <summary><c>discard</c>: deletes a generation.</summary>
internal static class DiscardCommand
{
    public static Command Create(Screen screen)
    {
        var name = GenerationName.Argument("GENERATION", "As 'generations' shows it.");
        var kafka = LogOption.Create();
        var command = new Command("discard", "Deletes a generation: its topics, its group, its record.") { name, kafka };
        command.SetAction(async (parsed, cancel) =>
        {
            var wanted = parsed.GetValue(name)!;
            var (log, scoring) = await LogOption.ConnectAsync(parsed.GetValue(kafka));
            var registry = new GenerationRegistry(log, NullLogger.Instance);
            if (!(await registry.ReadAllAsync(cancel)).TryGetValue(wanted, out var generation))
                throw new CommandException($"There is no generation '{wanted}'. 'generations' shows them.");

            // From here on nobody may continue it: its topics could be gone while its offsets are not, or the other way round.
            generation.Discarding = true;
            await registry.WriteAsync(generation, cancel);
            try
            {
                await new GenerationTopics(log, new GenerationNames(wanted, scoring)).DeleteAsync(cancel);
            }
            catch (GenerationInUseException)
            {
                generation.Discarding = false;
                await registry.WriteAsync(generation, cancel);
                throw;
            }

            await registry.RemoveAsync(wanted, cancel);
            screen.Say($"Generation {wanted} is discarded.");
            return 0;
        });
        return command;
    }
}
