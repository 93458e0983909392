using System.CommandLine;
using Confluent.Kafka;
using Kappa.Iot.Streaming.Models;

namespace Kappa.Iot.ScoringService.Commands;

/// <summary>What the scorer does besides scoring live; exit codes: 0 done, 1 failed, 2 wrong usage.</summary>
internal static class CommandLine
{
    /// <summary>Stands in the service's help.</summary>
    public const string Verbs = """
        Without a verb it is the service. With one it does a piece of work and ends (VERB --help tells more):
          reprocess     score a range of telemetry again, beside the live scores
          compare       what two generations of scores and alerts differ in
          generations   which generations there are
          cutover       put a generation's alerts in the place of the live ones
          discard       delete a generation
        """;

    private const string Hint = "Use VERB --help to see how it is used; --help alone shows the service's settings and the verbs.";

    /// <summary>Whether the first word is a verb, rightly spelt or not: settings begin with a dash.</summary>
    public static bool IsVerb(string[] args) => args is [{ Length: > 0 } first, ..] && first[0] is not ('-' or '/') && !first.Contains('=');

    public static Task<int> RunAsync(string[] args, Screen screen, TimeProvider time)
    {
        var root = new RootCommand("Scores telemetry again and compares the outcome. Without a verb this program is the scoring service.")
        {
            ReprocessCommand.Create(screen, time),
            CompareCommand.Create(screen),
            GenerationsCommand.Create(screen),
            CutoverCommand.Create(screen, time),
            DiscardCommand.Create(screen),
        };
        return CommandRun.RunAsync(root, args, screen, Hint, IsExpected);
    }

    private static bool IsExpected(Exception e) =>
        e is GenerationInUseException or ModelRegistryException or KafkaException or InvalidDataException or IOException or UnauthorizedAccessException;
}
