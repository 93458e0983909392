using Kappa.Iot.Simulator.Replay;
using Spectre.Console;

namespace Kappa.Iot.Simulator.Terminal;

/// <summary>A progress bar for people; without a terminal, a line every ten seconds.</summary>
internal static class ReplayScreen
{
    public static async Task ShowAsync(ReplayRun replay, Task run)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        if (!console.Profile.Capabilities.Interactive || Console.IsErrorRedirected)
        {
            await FollowAsync(replay, run, TimeSpan.FromSeconds(10), status => Console.Error.WriteLine(Describe(status)));
            return;
        }

        await console.Progress().Columns(new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left }).StartAsync(async context =>
        {
            var bar = context.AddTask("Connecting …", maxValue: 1);
            await FollowAsync(replay, run, TimeSpan.FromSeconds(0.5), status =>
            {
                bar.Value = status.Progress;
                bar.Description = Markup.Escape(Describe(status));
            });
        });
    }

    private static async Task FollowAsync(ReplayRun replay, Task run, TimeSpan every, Action<ReplayStatus> show)
    {
        using var timer = new PeriodicTimer(every);
        while (!run.IsCompleted)
        {
            await Task.WhenAny(run, timer.WaitForNextTickAsync().AsTask());
            show(replay.Status);
        }
    }

    private static string Describe(ReplayStatus s)
    {
        var line = $"{s.Phase} {s.Progress:P0} · {s.FilesDone}/{s.Files} traces · {s.Vehicles} vehicles, {s.Connected} connected · {s.Acknowledged:N0} acknowledged, {s.Unacknowledged:N0} open";
        if (s.Refused > 0) line += $" · {s.Refused} refused";
        return s.Unacknowledged > 0 && s.Connected == 0 && s.Trouble is { } trouble ? $"{line} · {trouble}" : line;
    }
}
