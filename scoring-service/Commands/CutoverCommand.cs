using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.ScoringService.Commands;

/// <summary><c>cutover</c>: a generation's alerts take the place of the live ones.</summary>
internal static class CutoverCommand
{
    public static Command Create(Screen screen, TimeProvider time)
    {
        var name = GenerationName.Argument("GENERATION", "As 'generations' shows it; it must be complete.");
        var kafka = LogOption.Create();
        var command = new Command("cutover", "Puts a generation's alerts in the place of the live ones of its range, all at once. What the live scorer says of later times stands.") { name, kafka };
        command.SetAction(async (parsed, cancel) =>
        {
            var wanted = parsed.GetValue(name)!;
            var (log, scoring) = await LogOption.ConnectAsync(parsed.GetValue(kafka));
            screen.Say(await new Cutover(log, scoring, time, NullLogger.Instance).RunAsync(wanted, cancel) is var (replaced, takenBack)
                ? string.Create(CultureInfo.InvariantCulture, $"Generation {wanted} is cut over: {replaced:N0} alerts written, {takenBack:N0} taken back. Its models score what comes next once they are promoted.")
                : $"Generation {wanted} was cut over already.");
            return 0;
        });
        return command;
    }
}
