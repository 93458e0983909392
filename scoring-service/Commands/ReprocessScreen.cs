using System.Globalization;
using Spectre.Console;

namespace Kappa.Iot.ScoringService.Commands;

/// <summary>Shows how far a reprocessing is: a bar on a terminal, a line every few seconds elsewhere.</summary>
internal sealed class ReprocessScreen(Screen screen, TimeProvider time) : IProgress<ReprocessProgress>
{
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(5);

    private ProgressTask? _bar;
    private long _line = time.GetTimestamp();
    private long? _since;
    private long _first;

    /// <summary>Records that were scored before this run.</summary>
    public long Before => _first;

    public long Done { get; private set; }

    /// <summary>Time since progress was first told.</summary>
    public TimeSpan Took => _since is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;

    public Task<T> RunAsync<T>(Func<IProgress<double>, Task<T>> plan) => OnBarAsync("live scores", bar => plan(new Share(bar)));

    public Task RunAsync(string name, Func<Task> work) => OnBarAsync(name, async bar =>
    {
        _bar = bar;
        await work();
        return 0;
    });

    public void Report(ReprocessProgress value)
    {
        if (_since is null)
        {
            _since = time.GetTimestamp();
            _first = value.Done;
        }

        Done = value.Done;
        if (_bar is { } bar)
        {
            bar.MaxValue = value.Total;
            bar.Value = value.Done;
            bar.Description = string.Create(CultureInfo.InvariantCulture, $"{value.Done:N0} of {value.Total:N0} records{Rate(value)}");
        }
        else if (time.GetElapsedTime(_line) >= LineEvery || value.Done == value.Total)
        {
            _line = time.GetTimestamp();
            var percent = value.Total > 0 ? 100 * value.Done / value.Total : 100; // no more than is done
            screen.Say(string.Create(CultureInfo.InvariantCulture, $"{percent} %: {value.Done:N0} of {value.Total:N0} records{Rate(value)}"));
        }
    }

    private string Rate(ReprocessProgress value)
    {
        var rate = (value.Done - _first) / Math.Max(0.001, Took.TotalSeconds);
        if (rate < 1) return "";
        var left = TimeSpan.FromSeconds(Math.Ceiling((value.Total - value.Done) / rate));
        return string.Create(CultureInfo.InvariantCulture, $", {rate:N0}/s, about {left:c} left");
    }

    private Task<T> OnBarAsync<T>(string name, Func<ProgressTask?, Task<T>> work) =>
        screen.People.Profile.Capabilities.Interactive && !Console.IsErrorRedirected
            ? screen.People.Progress().AutoClear(true)
                .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
                .StartAsync(context => work(context.AddTask(Markup.Escape(name), maxValue: 1)))
            : work(null);

    private sealed class Share(ProgressTask? bar) : IProgress<double>
    {
        public void Report(double value)
        {
            if (bar is not null) bar.Value = value;
        }
    }
}
