using Kappa.Iot.Simulator.Fleet;
using Spectre.Console;

namespace Kappa.Iot.Simulator.Terminal;

/// <summary>The status for people: one line that is kept up to date; without a terminal, a line every ten seconds.</summary>
internal static class FleetScreen
{
    public static async Task ShowAsync(FleetRun fleet, Task run)
    {
        // Standard output is for the summary line.
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (console.Profile.Capabilities.Interactive && !Console.IsErrorRedirected)
            await console.Status().Spinner(Spinner.Known.Dots).StartAsync("Connecting …", context => FollowAsync(fleet, run, TimeSpan.FromSeconds(0.5), line => context.Status(line)));
        else
            await FollowAsync(fleet, run, TimeSpan.FromSeconds(10), line => Console.Error.WriteLine(Markup.Remove(line)));
    }

    private static async Task FollowAsync(FleetRun fleet, Task run, TimeSpan every, Action<string> show)
    {
        using var timer = new PeriodicTimer(every);
        var before = fleet.Status;
        while (!run.IsCompleted)
        {
            await Task.WhenAny(run, timer.WaitForNextTickAsync().AsTask());
            var now = fleet.Status;
            show(Describe(now, (now.Acknowledged - before.Acknowledged) / every.TotalSeconds));
            before = now;
        }
    }

    private static string Describe(FleetStatus s, double rate)
    {
        var time = DateTimeOffset.FromUnixTimeMilliseconds(s.EventTime);
        var line = $"[bold]{s.Phase}[/] {time:HH:mm:ss}Z · {s.Connected}/{s.Vehicles} connected · {rate:N0} messages/s · {s.Acknowledged:N0} acknowledged, {s.Unacknowledged:N0} open";
        if (s.Phase == "history") line += $" · {100.0 * (s.EventTime - s.StartMs) / Math.Max(1, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - s.StartMs):0} % of the past";
        if (s.FaultsInjected > 0) line += $" · [yellow]{s.FaultsActive} faults[/] of {s.FaultsInjected}";
        if (s.Refused > 0) line += $" · [red]{s.Refused} refused[/]";
        if (s.Trouble is { } trouble) line += $" · [red]{Markup.Escape(trouble)}[/]";
        return line;
    }
}
