using System.Diagnostics;
using System.Text.RegularExpressions;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Groups;

/// <summary>What a consumer subscribes to: topics by name, those whose whole name matches a regular expression, or both.</summary>
internal sealed class ConsumerTopics(IReadOnlyList<string> names, string? regex)
{
    public const int MaxRegexLength = 1000;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static ConsumerTopics None { get; } = new([], null);

    public IReadOnlyList<string> Names { get; } = names;

    public string? Regex { get; } = regex;

    /// <summary>The topics there are.</summary>
    public HashSet<Guid> Ids { get; private set; } = [];

    /// <summary>Bytes of memory, roughly.</summary>
    public long Size => Names.Sum(n => 64L + 2 * n.Length) + 2L * (Regex?.Length ?? 0) + 48L * Ids.Count;

    public bool IsSame(ConsumerTopics other) => Regex == other.Regex && Names.SequenceEqual(other.Names);

    /// <summary>Finds the topics there are now.</summary>
    /// <exception cref="ArgumentException">What should be a regular expression is none, or needs more than time in proportion to a name's length.</exception>
    /// <exception cref="TimeoutException">It takes too long all the same.</exception>
    public void Resolve(TopicRegistry topics)
    {
        var ids = Names.Select(topics.Find).OfType<Topic>().Select(t => t.Id).ToHashSet();
        if (Regex is not null)
            ids.UnionWith(Match(Regex, topics.All.Where(t => !t.IsInternal)));
        Ids = ids;
    }

    private static List<Guid> Match(string pattern, IEnumerable<Topic> topics)
    {
        var ids = new List<Guid>();
        var watch = Stopwatch.StartNew();
        try
        {
            // By itself first: with the brackets around it, something like "a)|(b" would be one too.
            _ = new Regex(pattern, RegexOptions.NonBacktracking);
            var whole = new Regex($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Patience);
            foreach (var topic in topics)
            {
                if (whole.IsMatch(topic.Name))
                    ids.Add(topic.Id);
                if (watch.Elapsed > Patience)
                    throw new TimeoutException($"It takes longer than {Patience} to compare it with all topics.");
            }
        }
        catch (NotSupportedException e)
        {
            throw new ArgumentException(e.Message, e);
        }

        return ids;
    }
}
