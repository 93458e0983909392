using System.CommandLine;

namespace Kappa.Iot.Simulator.CommandLine;

/// <summary>An option whose default is written, and shown in the help, as people would type it.</summary>
internal sealed class Setting<T> : Option<Setting<T>.Choice>
{
    private readonly Choice _fallback;

    /// <param name="parse">Throws <see cref="FormatException"/> that says what is wrong.</param>
    public Setting(string name, string description, string helpName, string fallback, Func<string, T> parse, params string[] aliases) : base(name, aliases)
    {
        _fallback = new Choice(parse(fallback));
        Description = $"{description} [default: {fallback}]";
        HelpName = helpName;
        CustomParser = result =>
        {
            try
            {
                return new Choice(parse(result.Tokens[0].Value));
            }
            catch (FormatException e)
            {
                result.AddError(e.Message);
                return null;
            }
        };
    }

    public T Read(ParseResult parsed) => (parsed.GetResult(this) is null ? _fallback : parsed.GetValue(this)!).Value;

    /// <summary>A value that may well be null, which the parser by itself would take for none.</summary>
    internal sealed record Choice(T Value);
}
