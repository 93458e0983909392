using Kappa.Iot.Terminal;
using Kappa.Iot.TrainingJob.Commands;

namespace Kappa.Iot.TrainingJob.Tests;

/// <summary>One run of the command line: exit code, what came on standard output, what was said to the person.</summary>
internal sealed record Run(int ExitCode, string Results, string People)
{
    public static async Task<Run> Of(params string[] args)
    {
        using StringWriter results = new(), people = new();
        var exit = await CommandLine.RunAsync(args, Screen.On(results, people), TestContext.Current.CancellationToken);
        return new Run(exit, results.ToString().Trim(), people.ToString().Trim());
    }

    public string LastLine => Results.Split('\n')[^1].Trim();
}
