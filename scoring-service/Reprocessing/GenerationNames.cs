using System.Text.RegularExpressions;

namespace Kappa.Iot.ScoringService;

/// <summary>What belongs to a generation: topics and a group named after those of the live scorer.</summary>
internal sealed partial record GenerationNames(string Name, ScoringOptions Live)
{
    /// <summary>What the live scorer writes, where generations are compared.</summary>
    public const string LiveName = "live";

    public string Scores => $"{Live.Topics.Scores}.{Name}";

    public string Alerts => $"{Live.Topics.Alerts}.{Name}";

    public string State => $"{Live.Topics.State}.{Name}";

    public string GroupId => $"{Live.GroupId}-{Name}";

    /// <summary>Each with the topic whose settings it has.</summary>
    public IReadOnlyList<(string Topic, string Original)> Topics => [(Scores, Live.Topics.Scores), (Alerts, Live.Topics.Alerts), (State, Live.Topics.State)];

    /// <summary>Whether a generation may be called so.</summary>
    public static bool IsValid(string name) => name != LiveName && Allowed().IsMatch(name);

    [GeneratedRegex(@"^[a-z0-9][a-z0-9-]{0,62}$")]
    private static partial Regex Allowed();
}
