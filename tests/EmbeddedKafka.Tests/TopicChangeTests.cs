using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Embedded.Tests;

public sealed class TopicChangeTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("embedded-kafka-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void SetConfig_ByManyAtOnce_LosesNothing()
    {
        using var topics = Open();
        topics.Create("t", 1, TopicConfig.Default);
        string[] names = ["retention.ms", "segment.ms", "max.message.bytes", "delete.retention.ms", "retention.bytes", "min.compaction.lag.ms"];
        for (var round = 0; round < 30; round++)
        {
            var value = $"{1_000_000 + round}";
            Parallel.ForEach(names, name => Assert.Equal(ErrorCode.None, topics.SetConfig(
                "t", validateOnly: false, config => new Dictionary<string, string>(config.Values) { [name] = value }).Error));
            Assert.All(names, name => Assert.Equal(value, topics.Find("t")!.Config[name]));
        }
    }

    [Fact]
    public void Create_OfANameThatDiffersInDotAndUnderscoreOnly_IsRefused()
    {
        using var topics = Open();
        Assert.NotNull(topics.Create("a.b", 1, TopicConfig.Default));
        Assert.Equal("a.b", topics.FindCollision("a_b"));
        Assert.Null(topics.Create("a_b", 1, TopicConfig.Default));
        Assert.NotNull(topics.Create("a-b", 1, TopicConfig.Default));
    }

    private TopicRegistry Open()
    {
        var topics = new TopicRegistry(_directory, TimeProvider.System, flush: false, NullLogger.Instance);
        topics.Open();
        return topics;
    }
}
