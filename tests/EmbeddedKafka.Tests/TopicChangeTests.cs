using System.Globalization;
using Kappa.Iot.Embedded.Log;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;
using Microsoft.Extensions.Logging;
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

    [Fact]
    [Trait("Invariant", "1")]
    public void Delete_OfWhatCannotBeMoved_LeavesTheTopicInService()
    {
        using (var topics = Open())
        {
            var log = topics.Create("t", 1, TopicConfig.Default)!.Partitions[0];
            Assert.Equal(ErrorCode.None, log.AppendInternal(RecordBatchBuilder.Build([([1], [1])], 1)).Error);
            Directory.Delete(Trash);
            File.WriteAllText(Trash, "in the way");
            Assert.ThrowsAny<IOException>(() => topics.Delete("t"));
            Assert.Null(topics.Create("t", 1, TopicConfig.Default));
            Assert.Equal(1, topics.FindPartition("t", 0)!.AppendInternal(RecordBatchBuilder.Build([([1], [1])], 1)).BaseOffset);
            File.Delete(Trash);
        }

        using var again = Open();
        Assert.Equal(2, again.FindPartition("t", 0)!.EndOffset);
        Assert.True(again.Delete("t"));
        Assert.Null(again.Find("t"));
        Assert.NotNull(again.Create("t", 1, TopicConfig.Default));
    }

    [Fact]
    public void Delete_OfWhatCanBeMovedButNotRemoved_DeletesTheTopic()
    {
        using var topics = Open();
        var topic = topics.Create("t", 1, TopicConfig.Default)!;
        using var busy = SmallDisk.Mount(Path.Combine(topic.Directory, "busy"), megabytes: 1);
        var away = Path.Combine(Trash, Path.GetFileName(topic.Directory));
        busy.Path = Path.Combine(away, "busy");
        Assert.True(topics.Delete("t"));
        Assert.True(Directory.Exists(away));
        Assert.NotNull(topics.Create("t", 1, TopicConfig.Default));

        // And the next start does not fail of it either.
        topics.Dispose();
        using var again = Open();
        Assert.Equal(0, again.FindPartition("t", 0)!.EndOffset);
    }

    [Fact]
    public void Delete_WhileItRemovesTheFolder_LetsOthersChangeTopics()
    {
        var log = new WaitingLogger();
        using var topics = Open(log);
        var topic = topics.Create("t", 1, TopicConfig.Default)!;
        topics.Create("other", 1, TopicConfig.Default);
        using var busy = SmallDisk.Mount(Path.Combine(topic.Directory, "busy"), megabytes: 1);
        busy.Path = Path.Combine(Trash, Path.GetFileName(topic.Directory), "busy");

        // The removal fails, says so, and is held up there.
        Task? others = null;
        log.Logged = () =>
        {
            others = Task.Run(() =>
            {
                Assert.NotNull(topics.Create("t", 1, TopicConfig.Default));
                Assert.True(topics.Delete("other"));
            });
            Assert.True(others.Wait(TimeSpan.FromSeconds(30)), "Nobody can make or delete a topic while another one's folder is removed.");
        };
        Assert.True(topics.Delete("t"));
        Assert.NotNull(others);
        Assert.NotNull(topics.Find("t"));
        Assert.Null(topics.Find("other"));
    }

    [Fact]
    public void Open_AfterADeletionThatWasCutShort_EndsIt()
    {
        string directory, away;
        using (var topics = Open())
        {
            directory = topics.Create("t", 1, TopicConfig.Default)!.Directory;
            away = Path.Combine(Trash, Path.GetFileName(directory));
        }

        Directory.Move(directory, away);
        Directory.CreateDirectory(Path.Combine(directory, "0")); // by a first batch that came late
        using var again = Open();
        Assert.Null(again.Find("t"));
        Assert.False(Directory.Exists(directory) || Directory.Exists(away));
    }

    [Fact]
    [Trait("Invariant", "1")]
    public void Open_WithTwoFoldersOfOneTopic_NamesBoth()
    {
        string directory;
        using (var topics = Open())
            directory = topics.Create("t", 1, TopicConfig.Default)!.Directory;
        var copy = directory + "-copy";
        Directory.CreateDirectory(copy);
        File.Copy(Path.Combine(directory, TopicFile.FileName), Path.Combine(copy, TopicFile.FileName));
        var error = Assert.Throws<InvalidDataException>(() => Open());
        Assert.Contains(directory + " ", error.Message, StringComparison.Ordinal);
        Assert.Contains(copy + " ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_WhereACommaIsTheDecimalPoint_ReadsSettingsAsKafkaWritesThem()
    {
        var before = CultureInfo.CurrentCulture;
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NumberGroupSeparator, culture.NumberFormat.NegativeSign) = (",", ".", "minus");
        CultureInfo.CurrentCulture = culture;
        try
        {
            var (config, error) = TopicConfig.Create(new Dictionary<string, string> { ["retention.ms"] = "-1" });
            Assert.Null(error);
            Assert.Equal((0.5, null), (config!.Settings.MinCleanableRatio, config.Settings.Retention));
            Assert.Equal(0.25, TopicConfig.Create(new Dictionary<string, string> { ["min.cleanable.dirty.ratio"] = "0.25" }).Config!.Settings.MinCleanableRatio);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("compact,delete")]
    [InlineData(null)]
    [Trait("Invariant", "1")]
    public void SetConfig_OfTheServersOwnTopics_KeepsThemCompacted(string? policy)
    {
        using var topics = Open();
        foreach (var name in (string[])[InternalTopics.Offsets, InternalTopics.Transactions])
        {
            var (error, message) = topics.SetConfig(name, validateOnly: false, config => With(config, policy));
            Assert.Equal(ErrorCode.InvalidConfig, error);
            Assert.Contains(name, message, StringComparison.Ordinal);
            Assert.Equal("compact", topics.Find(name)!.Config["cleanup.policy"]);
            Assert.Equal(ErrorCode.None, topics.SetConfig(name, false, config => With(config, "compact").Append(new("segment.ms", "60000"))).Error);
        }

        topics.Create("t", 1, InternalTopics.Config);
        Assert.Equal(ErrorCode.None, topics.SetConfig("t", false, config => With(config, policy)).Error);

        static IEnumerable<KeyValuePair<string, string>> With(TopicConfig config, string? policy) =>
            [.. config.Values.Where(v => v.Key is not ("cleanup.policy" or "segment.ms")), .. policy is null ? [] : (KeyValuePair<string, string>[])[new("cleanup.policy", policy)]];
    }

    private string Trash => Path.Combine(_directory, "deleted");

    private TopicRegistry Open() => Open(NullLogger.Instance);

    private TopicRegistry Open(ILogger log)
    {
        var topics = new TopicRegistry(_directory, TimeProvider.System, flush: false, log);
        topics.Open();
        return topics;
    }

    /// <summary>Does something before a line is logged.</summary>
    private sealed class WaitingLogger : ILogger
    {
        public Action? Logged { get; set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Logged?.Invoke();
    }
}
