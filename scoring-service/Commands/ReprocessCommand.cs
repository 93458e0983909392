using System.CommandLine;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;

namespace Kappa.Iot.ScoringService.Commands;

/// <summary><c>reprocess</c>: scores a range of telemetry again, beside the live scores.</summary>
internal sealed class ReprocessCommand
{
    private readonly Option<string> _generation = new("--generation") { Description = "Its name, part of the names of its topics. One that was begun is continued.", HelpName = "gN", Required = true };
    private readonly Option<string[]> _models = new("--model") { Description = "Scores its profile; the other profiles are scored by what was active live. May be given for several profiles.", HelpName = "ID" };
    private readonly Option<bool> _code = new("--code") { Description = "Instead of --model: the models that were active, with the code of today." };
    private readonly Option<string?> _from;
    private readonly Option<string?> _to;
    private readonly Option<TimeSpan?> _warmUp = Span("--warm-up", "How much telemetry before the range is read, without output, to fill the vehicles' windows.", GenerationPlan.DefaultWarmUp);
    private readonly Option<TimeSpan?> _late = Span("--late", "How long after the range's end its batches may have been stored.", GenerationPlan.DefaultLate);
    private readonly Option<int> _workers = Count("--workers", "Partitions that are scored at the same time.", new ReprocessOptions().Workers);
    private readonly Option<int> _batch = Count("--batch", "Most batches of one transaction.", new ReprocessOptions().MaxBatch);
    private readonly Option<int> _snapshots = Count("--snapshot-every", "After how many batches, on average, a vehicle's state is saved; after a kill about as many are read again.", new ReprocessOptions().SnapshotEvery);
    private readonly Option<string> _instance = new("--instance") { Description = "Name of this process, where several work on one generation.", HelpName = "NAME", DefaultValueFactory = _ => new ReprocessOptions().Instance };
    private readonly Option<bool> _json = new("--json") { Description = "Print the outcome as one JSON line." };
    private readonly Option<string?> _kafka = LogOption.Create();
    private readonly Screen _screen;
    private readonly TimeProvider _time;

    private ReprocessCommand(Screen screen, TimeProvider time)
    {
        (_screen, _time) = (screen, time);
        _from = TimeArgument.Option("--from", "First event time: ISO 8601, or before now, such as -2h.", time);
        _to = TimeArgument.Option("--to", "First event time after the range. Default: now.", time);
        _generation.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && GenerationName.Wrong(result.Tokens[0].Value) is { } wrong) result.AddError(wrong);
        });
    }

    public static Command Create(Screen screen, TimeProvider time)
    {
        var the = new ReprocessCommand(screen, time);
        var command = new Command("reprocess", "Scores a range of telemetry again, as fast as it can be read, into topics of its own. Can be stopped and continued at any point.")
        {
            the._generation, the._models, the._code, the._from, the._to, the._warmUp, the._late, the._workers, the._batch, the._snapshots, the._instance, the._json, the._kafka,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(the._code) && result.GetResult(the._models) is not null) result.AddError("Give either --model or --code.");
        });
        command.SetAction(the.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var (kafka, scoring) = await LogOption.ConnectAsync(parsed.GetValue(_kafka));
        await using var services = Services();
        var loggers = services.GetRequiredService<ILoggerFactory>();
        var screen = new ReprocessScreen(_screen, _time);
        var generation = await FindOrPlanAsync(kafka, scoring, Request(parsed), screen, loggers, cancel);

        using var totals = new ReprocessTotals(services.GetRequiredService<IMeterFactory>());
        if (generation.FinishedAtMs == 0)
        {
            var reprocess = new Reprocess(
                kafka, scoring, services.GetRequiredService<StreamingMetrics>(), services.GetRequiredService<ScoringMetrics>(), _time, loggers);
            await screen.RunAsync(generation.Name, () => reprocess.RunAsync(generation, Options(parsed), screen, cancel));
            await FinishAsync(new GenerationRegistry(kafka, loggers.CreateLogger<GenerationRegistry>()), generation, cancel);
        }
        else
        {
            _screen.Say($"Generation {generation.Name} was complete already.");
        }

        Report(generation, screen, totals, parsed.GetValue(_json));
        return 0;
    }

    private async Task<Generation> FindOrPlanAsync(
        KafkaOptions kafka, ScoringOptions scoring, ReprocessRequest request, ReprocessScreen screen, ILoggerFactory loggers, CancellationToken cancel)
    {
        var registry = new GenerationRegistry(kafka, loggers.CreateLogger<GenerationRegistry>());
        var plan = new GenerationPlan(kafka, scoring.Topics, _time, loggers.CreateLogger<GenerationPlan>());
        if ((await registry.ReadAllAsync(cancel)).TryGetValue(request.Generation, out var known))
        {
            plan.Check(known, request);
            return known;
        }

        var generation = await screen.RunAsync(progress => plan.MakeAsync(request, progress, cancel));
        await new GenerationTopics(kafka, new GenerationNames(generation.Name, scoring)).EnsureAsync(cancel);
        await registry.WriteAsync(generation, cancel);
        return generation;
    }

    private async Task FinishAsync(GenerationRegistry registry, Generation generation, CancellationToken cancel)
    {
        // Another process may have finished it first, or somebody discarded it just now.
        if (!(await registry.ReadAllAsync(cancel)).TryGetValue(generation.Name, out var now) || now.Discarding) throw new CommandException($"Generation {generation.Name} was discarded meanwhile.");
        generation.FinishedAtMs = now.FinishedAtMs > 0 ? now.FinishedAtMs : _time.GetUtcNow().ToUnixTimeMilliseconds();
        await registry.WriteAsync(generation, cancel);
    }

    private void Report(Generation generation, ReprocessScreen screen, ReprocessTotals totals, bool json)
    {
        var records = generation.Telemetry.Sum(range => Math.Max(0, range.To - range.From));
        var read = screen.Done - screen.Before;
        var seconds = screen.Took.TotalSeconds;
        var rate = seconds > 0 ? read / seconds : 0;
        if (json)
        {
            _screen.Results.WriteLine(JsonSerializer.Serialize(new
            {
                generation = generation.Name,
                scored_by = GenerationPlan.Scorers(generation),
                from = GenerationPlan.Iso(generation.FromMs),
                to = GenerationPlan.Iso(generation.ToMs),
                partitions = generation.Telemetry.Count,
                records,
                records_this_run = read,
                scored = totals.Batches("scored"),
                unscored = totals.Batches("unscored"),
                duplicates = totals.Batches("duplicate"),
                late = totals.Batches("late"),
                dead_letters = totals.DeadLetters,
                alert_changes = totals.Alerts,
                seconds = Math.Round(seconds, 3),
                records_per_second = Math.Round(rate),
            }));
        }
        else
        {
            _screen.Results.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Generation {generation.Name} is complete: {records:N0} records of {generation.Telemetry.Count} partitions, {read:N0} of them in this run in {seconds:0.0} s ({rate:N0}/s), {totals.Batches("scored"):N0} scored, {totals.Alerts:N0} changes of alerts. 'compare live {generation.Name}' shows what is different."));
        }
    }

    private ReprocessRequest Request(ParseResult parsed) => new()
    {
        Generation = parsed.GetValue(_generation)!,
        ModelIds = parsed.GetValue(_models) ?? [],
        Code = parsed.GetValue(_code),
        From = parsed.GetValue(_from),
        To = parsed.GetValue(_to),
        WarmUp = parsed.GetValue(_warmUp),
        Late = parsed.GetValue(_late),
    };

    private ReprocessOptions Options(ParseResult parsed) => new()
    {
        Instance = parsed.GetValue(_instance)!,
        MaxBatch = parsed.GetValue(_batch),
        Workers = parsed.GetValue(_workers),
        SnapshotEvery = parsed.GetValue(_snapshots),
    };

    private static ServiceProvider Services() => new ServiceCollection()
        .AddMetrics().AddStreaming().AddSingleton<ScoringMetrics>()
        .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole(console => console.SingleLine = true)
            .Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace))
        .BuildServiceProvider();

    private static Option<TimeSpan?> Span(string name, string description, TimeSpan standard)
    {
        var option = new Option<TimeSpan?>(name)
        {
            Description = $"{description} Default: {standard:c}.",
            HelpName = "HH:MM:SS",
            CustomParser = result =>
            {
                var text = result.Tokens[0].Value;
                if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) && span >= TimeSpan.Zero) return span;
                result.AddError($"{name} is '{text}': give hours, minutes and seconds, such as 01:30:00.");
                return null;
            },
        };
        return option;
    }

    private static Option<int> Count(string name, string description, int standard)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };
        option.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<int>() <= 0) result.AddError($"{name} must be above 0.");
        });
        return option;
    }
}
