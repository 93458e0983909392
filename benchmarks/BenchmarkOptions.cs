using System.CommandLine;

namespace Kappa.Iot.Benchmarks;

/// <summary>What the benchmarks' options have in common.</summary>
internal static class BenchmarkOptions
{
    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print one JSON object as the last line: ours, peers.NAME, ratio (each FIELD_vs_PEER, ours divided by the peer's).",
    };

    public static Option<int> Whole(string name, string description, int usual, int least = 1)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(r => { if (r.Tokens is [var word] && int.TryParse(word.Value, out var number) && number < least) r.AddError($"{name} must be at least {least}."); });
        return option;
    }

    /// <summary>A number above 0.</summary>
    public static Option<double> Number(string name, string description, double usual)
    {
        var option = new Option<double>(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(r => { if (r.Tokens is [var word] && double.TryParse(word.Value, out var number) && number <= 0) r.AddError($"{name} must be above 0."); });
        return option;
    }
}
