using System.CommandLine;
using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Publishing;
using Kappa.Iot.Simulator.Replay;
using Kappa.Iot.Simulator.Terminal;
using Command = System.CommandLine.Command;

namespace Kappa.Iot.Simulator.CommandLine;

/// <summary><c>replay</c>: recorded traces.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var shared = new SharedOptions();
        var path = new Argument<string>("PATH") { Description = "A trace (.csv, .csv.gz) or a folder of them; columns: time, vehicle, and signals by VSS path or by the article's names" };
        var speed = new Setting<double?>(
            "--speed", "Trace time per time of the clock, or max: as fast as acknowledged", "FACTOR", "1",
            text => text == "max" ? null : Numbers.Positive("--speed (or max)", text, 1e6));
        var parallel = new Setting<int>("--parallel", "Traces at the same time", "N", "16", text => Numbers.Whole("--parallel", text, 1, 10_000));
        var profile = new Setting<string?>("--profile", "Profile of the vehicles", "NAME", "by the columns: obd or article", ParseProfile);
        var asOf = new Setting<bool>("--as-of", "now: shift each trace in time so that it begins now; original: the times of the recording", "WHEN", "original", ParseAsOf);

        var command = new Command("replay", "Publishes recorded traces over MQTT as if their vehicles were on the road.") { path, speed, parallel, profile, asOf };
        shared.AddTo(command);
        command.SetAction((parsed, _) => RunAsync(
            new ReplayOptions
            {
                Path = parsed.GetRequiredValue(path),
                Speed = speed.Read(parsed),
                Parallel = parallel.Read(parsed),
                Profile = profile.Read(parsed),
                AsOfNow = asOf.Read(parsed),
            },
            shared.Broker(parsed),
            shared.ConnectTimeout(parsed),
            shared.Json(parsed)));
        return command;
    }

    private static async Task<int> RunAsync(ReplayOptions options, BrokerOptions broker, TimeSpan connectTimeout, bool json)
    {
        if (options.Problem() is { } wrong)
        {
            await Console.Error.WriteLineAsync(wrong);
            return ExitCode.WrongUsage;
        }

        try
        {
            await using var replay = new ReplayRun(options, broker, TimeProvider.System);
            return await RunAsync(replay, broker, connectTimeout, json);
        }
        catch (TraceFormatException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.Failed;
        }
    }

    private static async Task<int> RunAsync(ReplayRun replay, BrokerOptions broker, TimeSpan connectTimeout, bool json)
    {
        using var stop = new StopSignals();
        foreach (var note in replay.Notes) await Console.Error.WriteLineAsync(note);
        if (await BrokerProbe.WaitAsync(broker, connectTimeout, stop.Token) is { } unreachable)
        {
            await Console.Error.WriteLineAsync(unreachable);
            return ExitCode.Failed;
        }

        stop.ListenToStandardInput(_ => { });
        var run = replay.RunAsync(stop.Token);
        await (json ? JsonStatus.ShowAsync(() => replay.Status, run) : ReplayScreen.ShowAsync(replay, run));
        try
        {
            if (await run) return ExitCode.Done;
        }
        finally
        {
            Console.WriteLine(Json.Line(replay.Summary));
        }

        var rest = replay.Status;
        await Console.Error.WriteLineAsync(
            $"{rest.Unacknowledged} batches were not acknowledged by {broker}, {rest.Refused} were refused." + (rest.Trouble is { } trouble ? $" Last trouble: {trouble}." : ""));
        return ExitCode.Failed;
    }

    private static string? ParseProfile(string text) => text switch
    {
        "by the columns: obd or article" => null,
        _ when VehicleId.IsValid(text) => text,
        _ => throw new FormatException($"--profile is a name of letters, digits, '-', '_' or '.', not '{text}'."),
    };

    private static bool ParseAsOf(string text) => text switch
    {
        "now" => true,
        "original" => false,
        _ => throw new FormatException($"--as-of is now or original, not '{text}'."),
    };
}
