using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Kappa.Iot.ScoringService.Commands;

/// <summary><c>generations</c>: which there are, the newest first.</summary>
internal static class GenerationsCommand
{
    // For files and pipes, never for HTML.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create(Screen screen)
    {
        var kafka = LogOption.Create();
        var json = new Option<bool>("--json") { Description = "Print one JSON line a generation." };
        var command = new Command("generations", "Shows all generations and how far they are.") { kafka, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var (log, scoring) = await LogOption.ConnectAsync(parsed.GetValue(kafka));
            var all = (await new GenerationRegistry(log, NullLogger.Instance).ReadAllAsync(cancel)).Values.OrderByDescending(generation => generation.CreatedAtMs).ToList();
            var table = new Table().AddColumns("generation", "scored by", "from", "to", "records", "state");
            foreach (var generation in all)
            {
                var records = generation.Telemetry.Sum(range => Math.Max(0, range.To - range.From));
                var done = Done(log, scoring, generation);
                if (parsed.GetValue(json))
                {
                    screen.Results.WriteLine(JsonSerializer.Serialize(new
                    {
                        generation = generation.Name,
                        models = generation.ModelIds,
                        from = GenerationPlan.Iso(generation.FromMs),
                        to = GenerationPlan.Iso(generation.ToMs),
                        records,
                        records_done = done,
                        state = State(generation),
                        code_version = generation.CodeVersion,
                    }, Readable));
                }

                var state = State(generation) == "begun" ? string.Create(CultureInfo.InvariantCulture, $"{100.0 * done / Math.Max(1, records):0} % done") : State(generation);
                table.AddRow(
                    Markup.Escape(generation.Name), Markup.Escape(GenerationPlan.Scorers(generation)), GenerationPlan.Iso(generation.FromMs), GenerationPlan.Iso(generation.ToMs),
                    records.ToString("N0", CultureInfo.InvariantCulture), state);
            }

            if (parsed.GetValue(json)) return 0;
            if (all.Count == 0) screen.Say("There are no generations. 'reprocess' makes one.");
            else AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(screen.Results) }).Write(table);
            return 0;
        });
        return command;
    }

    private static string State(Generation generation) => generation.Discarding ? "being discarded" : generation.CutOverAtMs > 0 ? "cut over" : generation.FinishedAtMs > 0 ? "complete" : "begun";

    private static long Done(KafkaOptions log, ScoringOptions scoring, Generation generation)
    {
        using var reader = GenerationTopics.Reader(log, new GenerationNames(generation.Name, scoring).GroupId);
        var committed = GenerationTopics.Committed(reader, generation.Telemetry.Select(range => new TopicPartition(scoring.Topics.Telemetry, range.Partition)));
        return generation.Telemetry.Sum(range => Math.Clamp(committed.GetValueOrDefault(range.Partition) - range.From, 0, Math.Max(0, range.To - range.From)));
    }
}
