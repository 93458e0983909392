using Spectre.Console;

namespace Kappa.Iot.Terminal;

/// <summary>Where a command writes: results to one stream, so that they can be piped, everything for people beside it.</summary>
/// <param name="Results">Results: model ids, tables, JSON lines.</param>
/// <param name="People">Progress, remarks, errors.</param>
public sealed record Screen(TextWriter Results, IAnsiConsole People)
{
    /// <summary>Results to standard output, the rest to standard error.</summary>
    public static Screen Standard() => On(Console.Out, Console.Error);

    public static Screen On(TextWriter results, TextWriter people) =>
        new(results, AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(people) }));

    /// <summary>A remark in plain text, on one line however wide the terminal is.</summary>
    public void Say(string text) => People.Profile.Out.Writer.WriteLine(text);

    /// <summary>A table as a result; into a file or another program it is as wide as it needs to be.</summary>
    public void WriteTable(Spectre.Console.Rendering.IRenderable table)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Results) });
        if (!console.Profile.Out.IsTerminal) console.Profile.Width = PipeWidth;
        console.Write(table);
    }

    private const int PipeWidth = 200;

    /// <summary>Shows progress while the work runs.</summary>
    public Task<T> WithProgressAsync<T>(Func<ProgressContext, Task<T>> work) => People.Progress()
        .AutoClear(true)
        .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
        .StartAsync(work);
}
