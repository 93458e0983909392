using System.CommandLine;

namespace Kappa.Iot.Terminal;

/// <summary>The options <c>--from</c> and <c>--to</c> of commands that read a range of the log by event time.</summary>
public sealed class TimeRangeOptions
{
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly Option<string?> _to;

    /// <param name="required">Whether the command can do without a range.</param>
    /// <param name="from">What <c>--from</c> is for.</param>
    public TimeRangeOptions(bool required = false, string from = "First event time: ISO 8601 or -2h.")
    {
        From = TimeArgument.Option("--from", from, _time);
        From.Required = required;
        _to = TimeArgument.Option("--to", "First event time after the range. Default: now.", _time);
    }

    /// <summary>Whether there is a range: for rules between options.</summary>
    public Option<string?> From { get; }

    public void AddTo(Command command)
    {
        command.Options.Add(From);
        command.Options.Add(_to);
        command.Validators.Add(result =>
        {
            var now = _time.GetUtcNow();
            var (first, last) = (result.GetResult(From)?.Tokens, result.GetResult(_to)?.Tokens);
            if (first is null && last is not null) result.AddError("--to wants --from.");
            if (first is not [var from] || !TimeArgument.TryParse(from.Value, now, out var start)) return; // said where the option is read
            if (last is not [var to]) to = null;
            var end = now;
            if (to is not null && !TimeArgument.TryParse(to.Value, now, out end)) return;
            if (end <= start) result.AddError($"--to ({end:u}) must be after --from ({start:u}).");
        });
    }

    /// <summary>First event time, null without a range; and the first one after it.</summary>
    public (DateTimeOffset? From, DateTimeOffset To) Read(ParseResult parsed)
    {
        var now = _time.GetUtcNow();
        DateTimeOffset? At(Option<string?> option) => parsed.GetValue(option) is { } text ? TimeArgument.Parse(text, now) : null;
        return (At(From), At(_to) ?? now);
    }
}
