using System.CommandLine;
using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.TrainingJob.Import;
using Kappa.Iot.TrainingJob.Terminal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary><c>import</c>: recorded traces into the log, without vehicles and a gateway.</summary>
internal static class ImportCommand
{
    public static Command Create(Screen screen)
    {
        var path = new Argument<string>("PATH") { Description = "A trace (.csv, .csv.gz) or a folder of traces." };
        var profile = new Option<string?>("--profile") { Description = "The kind of vehicle. Default: as the columns say.", HelpName = "P" };
        var kafka = LogOption.Create();
        var json = new Option<bool>("--json") { Description = "End with one line of JSON." };
        var command = new Command("import", "Writes recorded traces (CSV) to the log with their own event times. What the log has already is not written again.") { path, profile, kafka, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var options = new TraceOptions { Profile = parsed.GetValue(profile) };
            var files = TraceFiles.Find(parsed.GetValue(path)!, out var skipped);
            foreach (var file in skipped) screen.Say($"{file} is passed over: it has neither times nor signals.");
            var unknown = new SortedSet<string>(files.SelectMany(file => UnknownColumns(file, options)), StringComparer.Ordinal);
            if (unknown.Count > 0) screen.Say($"Left out, not in the signal catalogue: {string.Join(", ", unknown)}.");

            var import = new TraceImport(await LogOption.ConnectAsync(parsed.GetValue(kafka)!), NullLogger.Instance);
            var written = await screen.WithProgressAsync(context => Task.Run(async () =>
            {
                Spectre.Console.ProgressTask reading = context.AddTask("read traces", maxValue: 1), comparing = context.AddTask("compare with the log", maxValue: 1);
                await import.SurveyAsync(files, options, new Callback<double>(share => reading.Value = share), new Callback<double>(share => comparing.Value = share), cancel);
                if (import.Survey.Different > 0)
                    throw new CommandException($"Nothing is imported: {import.Survey.Different} of {import.Survey.Batches} batches are on the log with other content, from a trace of the same vehicle with the same start. Give the vehicle another name in the trace.");
                var writing = context.AddTask("write", maxValue: 1);
                return await import.WriteAsync(files, options, new Callback<double>(share => writing.Value = share), cancel);
            }, cancel));

            var survey = import.Survey;
            DateTimeOffset first = DateTimeOffset.FromUnixTimeMilliseconds(survey.FirstMs), last = DateTimeOffset.FromUnixTimeMilliseconds(survey.LastMs);
            screen.Say(written > 0
                ? $"Imported {written} batches of {survey.Vehicles} vehicles, {first:u} to {last:u}; {survey.Present} of {survey.Batches} were on the log already."
                : $"Nothing to import: all {survey.Batches} batches of {survey.Vehicles} vehicles, {first:u} to {last:u}, are on the log already.");
            if (parsed.GetValue(json)) screen.Results.WriteLine(JsonSerializer.Serialize(new { written, present = survey.Present, batches = survey.Batches, vehicles = survey.Vehicles, from = first, to = last }));
            return 0;
        });
        return command;
    }

    private static IReadOnlyList<string> UnknownColumns(string file, TraceOptions options)
    {
        using var reader = TraceReader.Open(file, options);
        return reader.UnknownColumns;
    }
}
