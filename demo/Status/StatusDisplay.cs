using Spectre.Console;

namespace Kappa.Iot.Demo.Status;

/// <summary>Shows the status: as a table that is drawn anew on a terminal, as a line now and then elsewhere.</summary>
internal sealed class StatusDisplay(IAnsiConsole console)
{
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(5);

    private DateTime _nextLine = DateTime.MinValue;

    /// <summary>Draws what <paramref name="next"/> gives, about once a second, until <paramref name="work"/> is done.</summary>
    public async Task ShowUntilAsync(Task work, Func<Task<PipelineStatus>> next)
    {
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Out.IsTerminal)
        {
            await RepeatAsync(work, async () => Line(await next()));
            return;
        }

        await console.Live(new Text("")).AutoClear(true).StartAsync(context => RepeatAsync(work, async () => context.UpdateTarget(Table(await next()))));
    }

    public void Say(string line) => console.MarkupLineInterpolated($"[bold]demo[/] {line}");

    private static async Task RepeatAsync(Task work, Func<Task> draw)
    {
        do
        {
            await draw();
        }
        while (await Task.WhenAny(work, Task.Delay(TimeSpan.FromSeconds(1))) != work);
        await draw();
        await work;
    }

    private void Line(PipelineStatus s)
    {
        if (DateTime.UtcNow < _nextLine) return;
        _nextLine = DateTime.UtcNow + LineEvery;
        console.WriteLine(
            $"{s.Elapsed:mm\\:ss}  {s.Step,-22} vehicles {s.Fleet.Connected}/{s.Fleet.Vehicles}  {s.MessagesPerSecond,7:0} msg/s  " +
            $"acknowledged {s.Fleet.Acknowledged}/{s.Fleet.Published}  to score {Lag(s.ScorerLag)}  to twins {Lag(s.SinkLag)}  " +
            $"faults {s.Fleet.FaultsInjected}  alerts {s.Alerts}{(s.Restarts > 0 ? $"  restarts {s.Restarts}" : "")}");
    }

    private static Table Table(PipelineStatus s)
    {
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumn("").AddColumn("");
        table.AddRow("Step", $"[bold]{Markup.Escape(s.Step)}[/] ({s.Elapsed:mm\\:ss})");
        table.AddRow("Dashboard", $"[link]{s.Dashboard}[/]");
        table.AddRow("Vehicles", $"{s.Fleet.Connected} of {s.Fleet.Vehicles} connected");
        table.AddRow("Messages", $"{s.MessagesPerSecond:0}/s, {s.Fleet.Acknowledged:N0} of {s.Fleet.Published:N0} acknowledged");
        table.AddRow("Lag", $"{Lag(s.ScorerLag)} to score, {Lag(s.SinkLag)} to the twins");
        table.AddRow("Faults", $"{s.Fleet.FaultsInjected} injected, {s.Fleet.FaultsActive} active");
        table.AddRow("Alerts", $"{s.Alerts}");
        table.AddRow("Processes", Markup.Escape(string.Join("\n", s.Processes)));
        table.Caption("Ctrl-C drains and stops everything");
        return table;
    }

    private static string Lag(long? lag) => lag?.ToString("N0") ?? "?";
}
