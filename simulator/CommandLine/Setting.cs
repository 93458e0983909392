using System.CommandLine;

namespace Kappa.Iot.Simulator.CommandLine;

/// <summary>An option whose default is written, and shown in the help, as people would type it.</summary>
internal sealed class Setting<T> : Option<T>
{
    private readonly string _fallback;
    private readonly Func<string, T> _parse;

    /// <param name="parse">Throws <see cref="FormatException"/> that says what is wrong.</param>
    public Setting(string name, string description, string helpName, string fallback, Func<string, T> parse, params string[] aliases) : base(name, aliases)
    {
        _fallback = fallback;
        _parse = parse;
        Description = $"{description} [default: {fallback}]";
        HelpName = helpName;
        CustomParser = result =>
        {
            try
            {
                return parse(result.Tokens[0].Value);
            }
            catch (FormatException e)
            {
                result.AddError(e.Message);
                return default;
            }
        };
    }

    public T Read(ParseResult parsed) => parsed.GetResult(this) is null ? _parse(_fallback) : parsed.GetValue(this)!;
}
