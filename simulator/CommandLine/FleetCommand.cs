using System.CommandLine;
using System.Globalization;
using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Faults;
using Kappa.Iot.Simulator.Fleet;
using Kappa.Iot.Simulator.Physics;
using Kappa.Iot.Simulator.Publishing;
using Kappa.Iot.Simulator.Terminal;
using Kappa.Iot.Terminal;
using Command = System.CommandLine.Command;

namespace Kappa.Iot.Simulator.CommandLine;

/// <summary><c>fleet</c>: virtual vehicles.</summary>
internal static class FleetCommand
{
    private static readonly string Cities = string.Join(", ", City.All.Select(c => c.Name));

    public static Command Create()
    {
        var shared = new SharedOptions();
        var vehicles = new Setting<int>("--vehicles", "Number of vehicles", "N", "100", text => Numbers.Whole("--vehicles", text, 1, 999_999), "-n");
        var profiles = new Setting<IReadOnlyList<string>>("--profiles", "Kinds of vehicle, in turn", "LIST", "combustion,electric", ParseProfiles);
        var city = new Setting<City>("--city", $"Where they drive: {Cities}", "NAME", City.All[0].Name, ParseCity);
        var history = new Setting<TimeSpan>("--history", "Begin so long ago: the past is sent as fast as it is acknowledged", "TIME", "0s", Durations.Parse);
        var duration = new Setting<TimeSpan?>(
            "--duration", "End after so long in the live phase", "TIME", "until stopped", text => text == "until stopped" ? null : Durations.Parse(text));
        var speed = new Setting<double>(
            "--speed", "Event time per time of the clock in the live phase; above 1 the fleet runs ahead of the clock, which a gateway may refuse", "FACTOR", "1",
            text => Numbers.Positive("--speed", text, 1000));
        var faults = new Setting<FaultOptions?>(
            "--faults", "every=20s[,severity=0.8][,repair=5m][,kinds=tyre-leak+…|all][,firmware=2001][,wait], or off; with firmware all vehicles that run it at once; with wait only after the line 'faults on' on standard input",
            "SETTINGS", "off", FaultOptions.Parse);
        var seed = new Setting<ulong>("--seed", "The same seed gives the same vehicles, people and roads", "N", "1", ParseSeed);
        var sampleInterval = new Setting<TimeSpan>("--sample-interval", "Time between two samples", "TIME", "1s", Durations.Parse);
        var batch = new Setting<TimeSpan>("--batch", "Time that one message covers", "TIME", "10s", Durations.Parse);
        var state = new Option<string?>("--state") { Description = "Folder with which the fleet survives a crash of the simulator: nothing lost, nothing counted twice", HelpName = "DIR" };
        var truth = new Option<string?>("--truth") { Description = "File to note every injected fault in, a JSON line when it begins and one when it ends", HelpName = "FILE" };
        var roster = new Option<string?>("--roster") { Description = "File to write the vehicles and their owners to, a JSON line each", HelpName = "FILE" };

        var command = new Command("fleet", "Drives virtual vehicles and publishes their telemetry over MQTT.")
        {
            vehicles, profiles, city, history, duration, speed, faults, seed, sampleInterval, batch, state, truth, roster,
        };
        shared.AddTo(command);
        command.SetAction((parsed, _) => RunAsync(
            new FleetOptions
            {
                Vehicles = vehicles.Read(parsed),
                Profiles = profiles.Read(parsed),
                City = city.Read(parsed),
                History = history.Read(parsed),
                Duration = duration.Read(parsed),
                Speed = speed.Read(parsed),
                Faults = faults.Read(parsed),
                Seed = seed.Read(parsed),
                SampleInterval = sampleInterval.Read(parsed),
                Batch = batch.Read(parsed),
                StateFolder = parsed.GetValue(state),
                TruthFile = parsed.GetValue(truth),
                RosterFile = parsed.GetValue(roster),
                ConnectTimeout = shared.ConnectTimeout(parsed),
            },
            shared.Broker(parsed),
            shared.Json(parsed)));
        return command;
    }

    private static async Task<int> RunAsync(FleetOptions options, BrokerOptions broker, bool json)
    {
        if (options.Problem() is { } wrong)
        {
            await Console.Error.WriteLineAsync(wrong);
            return ExitCode.WrongUsage;
        }

        using var stop = new StopSignals();
        if (await BrokerProbe.WaitAsync(broker, options.ConnectTimeout, stop.Token) is { } unreachable)
        {
            await Console.Error.WriteLineAsync(unreachable);
            return ExitCode.Failed;
        }

        using var fleet = new FleetRun(options, broker, TimeProvider.System);
        stop.ListenToStandardInput(line =>
        {
            if (fleet.Command(line) is { } answer) Console.Error.WriteLine(answer);
        });

        var run = fleet.RunAsync(stop.Token);
        await (json ? JsonStatus.ShowAsync(() => fleet.Status, run) : FleetScreen.ShowAsync(fleet, run));
        var complete = await run;
        Console.WriteLine(Json.Line(fleet.Summary));
        if (complete) return ExitCode.Done;

        var rest = fleet.Status;
        await Console.Error.WriteLineAsync(
            $"{rest.Unacknowledged} batches were not acknowledged by {broker} in {options.DrainTimeout.TotalSeconds:0} s, {rest.Refused} were refused."
            + (fleet.Counters.LastTrouble is { } trouble ? $" Last trouble: {trouble}." : "")
            + (options.StateFolder is { } folder && rest.Unacknowledged > 0 ? $" Start again with --state {folder} to send the rest." : ""));
        return ExitCode.Failed;
    }

    private static string[] ParseProfiles(string text)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        string[] known = [VehicleProfiles.Combustion, VehicleProfiles.Electric];
        return names.Length > 0 && !names.Except(known).Any()
            ? names
            : throw new FormatException($"--profiles is a list of {string.Join(" and ", known)}, not '{text}'.");
    }

    private static City ParseCity(string text) => City.Find(text) ?? throw new FormatException($"There are no roads for '{text}'; there are {Cities}.");

    private static ulong ParseSeed(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seed) ? seed : throw new FormatException($"--seed is a whole number, not '{text}'.");
}
