using System.Text.RegularExpressions;

namespace Kappa.Iot.Deployment.Tests;

/// <summary>The Dockerfile's stages by name: their base image or stage, and their instructions with continued lines joined.</summary>
internal static partial class Dockerfile
{
    public static IReadOnlyDictionary<string, DockerStage> Stages { get; } = Parse(Repository.Read("Dockerfile"));

    private static Dictionary<string, DockerStage> Parse(string text)
    {
        var stages = new Dictionary<string, DockerStage>();
        List<string>? instructions = null;
        foreach (var line in ContinuedLine().Replace(text, " ").Split('\n').Where(l => l.Length > 0 && l[0] != '#'))
        {
            if (From().Match(line) is { Success: true } from)
                stages.Add(from.Groups["name"].Value, new(from.Groups["base"].Value, instructions = []));
            else
                instructions?.Add(line.Trim());
        }

        return stages;
    }

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex ContinuedLine();

    [GeneratedRegex(@"^FROM (?<base>\S+) AS (?<name>\S+)$")]
    private static partial Regex From();
}

/// <param name="From">An image, or another stage.</param>
/// <param name="Instructions">As written.</param>
internal sealed record DockerStage(string From, IReadOnlyList<string> Instructions);
