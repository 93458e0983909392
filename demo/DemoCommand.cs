using System.CommandLine;
using System.CommandLine.Parsing;
using Kappa.Iot.Terminal;
using Spectre.Console;

namespace Kappa.Iot.Demo;

/// <summary>The command line.</summary>
internal static class DemoCommand
{
    public static RootCommand Build()
    {
        var vehicles = new Option<int>("--vehicles") { Description = "How many vehicles drive.", DefaultValueFactory = _ => 200 };
        vehicles.Validators.Add(r => { if (r.Tokens.Count == 1 && (!int.TryParse(r.Tokens[0].Value, out var number) || number is < 2 or > 15_000)) r.AddError("--vehicles must be 2 to 15000."); });
        var data = new Option<DirectoryInfo>("--data") { Description = "Folder of the log, the twins and the fleet's state.", DefaultValueFactory = _ => new DirectoryInfo(Path.Combine(".data", "demo")) };
        var reset = new Option<bool>("--reset") { Description = "Forget what an earlier run left in --data." };
        var duration = new Option<TimeSpan?>("--duration") { Description = "Drive live for so long (90s, 5m, 1h), then print one JSON line and exit. Without it: until Ctrl-C.", CustomParser = r => AboveZero(r) };
        var history = new Option<TimeSpan>("--history") { Description = "How much past to make before the model is trained.", DefaultValueFactory = _ => TimeSpan.FromHours(1), CustomParser = AboveZero };
        var kafka = new Option<string?>("--kafka") { Description = "HOST:PORT of a Kafka that is there already, instead of the embedded one." };
        var twins = new Option<string?>("--twins") { Description = "mongodb://… or sqlite:FILE, instead of a SQLite file under --data." };
        var faults = new Option<string>("--faults") { Description = "on, off, or firmware: after a bad update, all vehicles with one firmware read their coolant wrongly.", DefaultValueFactory = _ => "on" };
        faults.AcceptOnlyFromAmong("on", "off", "firmware");
        var every = new Option<TimeSpan>("--fault-every") { Description = "Time between two injected faults.", DefaultValueFactory = _ => TimeSpan.FromSeconds(20), CustomParser = AboveZero };
        var port = new Option<int?>("--port") { Description = "Port of the dashboard. Default: 8080, or a free one where that is taken." };

        port.Validators.Add(r => { if (r.Tokens.Count == 1 && (!int.TryParse(r.Tokens[0].Value, out var number) || number is < 1 or > 65_535)) r.AddError("--port must be 1 to 65535."); });
        kafka.Validators.Add(r => { if (r.Tokens.Count == 1 && !r.Tokens[0].Value.Contains(':')) r.AddError($"--kafka '{r.Tokens[0].Value}' has no port: write HOST:PORT."); });

        var root = new RootCommand("Runs the whole pipeline on this machine: makes history, trains and promotes a model, drives a live fleet, injects faults.")
        {
            vehicles, data, reset, duration, history, kafka, twins, faults, every, port,
        };
        root.SetAction((parsed, cancel) => RunAsync(new DemoOptions
        {
            Vehicles = parsed.GetValue(vehicles),
            Data = Path.GetFullPath(parsed.GetRequiredValue(data).FullName),
            Reset = parsed.GetValue(reset),
            Duration = parsed.GetValue(duration),
            History = parsed.GetValue(history),
            Kafka = parsed.GetValue(kafka),
            Twins = parsed.GetValue(twins),
            Faults = Enum.Parse<DemoFaults>(parsed.GetRequiredValue(faults), ignoreCase: true),
            FaultEvery = parsed.GetValue(every),
            Port = parsed.GetValue(port),
        }, cancel));
        return root;
    }

    private static TimeSpan AboveZero(ArgumentResult argument)
    {
        try
        {
            var duration = Durations.Parse(argument.Tokens.Single().Value);
            if (duration > TimeSpan.Zero) return duration;
            argument.AddError($"{argument.Tokens.Single().Value} is no time above zero.");
        }
        catch (FormatException e)
        {
            argument.AddError(e.Message);
        }

        return default;
    }

    private static async Task<int> RunAsync(DemoOptions options, CancellationToken cancel)
    {
        // Everything for people goes to standard error, so that standard output holds the summary alone.
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (Console.IsErrorRedirected) console.Profile.Width = 240; // a line of the status is a line of the file
        // Half the fleet is of each profile, and a model of a profile needs 100 steps of ten seconds, with some to spare.
        if (options.Vehicles / 2 * options.History.TotalSeconds / 10 < 200)
        {
            console.MarkupLineInterpolated($"[red]demo: {options.Vehicles} vehicles and {options.History.TotalMinutes:0.#} minutes of --history are too little to train a model from: give more of either.[/]");
            return 2;
        }

        try
        {
            var summary = await new Demonstration(options, console).RunAsync(cancel);
            Console.Out.WriteLine(summary.ToJson());
            foreach (var imbalance in summary.Imbalances) console.MarkupLineInterpolated($"[red]demo: {imbalance}[/]");
            return summary.Imbalances.Count == 0 ? 0 : 1;
        }
        catch (ArgumentException e) when (e.ParamName == "connectionString")
        {
            console.MarkupLineInterpolated($"[red]demo: --twins: {e.Message}[/]");
            return 2;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            console.MarkupLine("demo: stopped before the fleet was live, so there is no summary.");
            return options.Duration is null ? 0 : 1;
        }
        catch (Exception e) when (e is DemoException or IOException or UnauthorizedAccessException)
        {
            console.MarkupLineInterpolated($"[red]demo: {e.Message}[/]");
            return 1;
        }
    }
}
