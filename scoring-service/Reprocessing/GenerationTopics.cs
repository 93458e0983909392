using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>Creates and deletes what belongs to a generation, and reads how far its group has come.</summary>
internal sealed class GenerationTopics(KafkaOptions kafka, GenerationNames names)
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(30);

    /// <summary>Creates the topics where they are missing, with as many partitions and the same settings as the originals.</summary>
    public async Task EnsureAsync(CancellationToken cancel)
    {
        using var admin = Admin();
        var metadata = Existing(admin);
        var missing = names.Topics.Where(topic => !metadata.ContainsKey(topic.Topic)).ToList();
        if (missing.Count > 0)
        {
            var settings = await admin.DescribeConfigsAsync(
                missing.Select(topic => new ConfigResource { Type = ResourceType.Topic, Name = topic.Original }), new DescribeConfigsOptions { RequestTimeout = AnswerWithin });
            try
            {
                await admin.CreateTopicsAsync(missing.Select(topic => new TopicSpecification
                {
                    Name = topic.Topic,
                    NumPartitions = metadata[topic.Original],
                    ReplicationFactor = -1, // the broker's own default
                    Configs = settings.Single(found => found.ConfigResource.Name == topic.Original).Entries.Values
                        .Where(entry => entry.Source == ConfigSource.DynamicTopicConfig).ToDictionary(entry => entry.Name, entry => entry.Value),
                }), new CreateTopicsOptions { OperationTimeout = AnswerWithin, RequestTimeout = AnswerWithin });
            }
            catch (CreateTopicsException e) when (e.Results.All(result => result.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
            {
                // Another process of the same generation was faster.
            }
        }

        await UntilAsync(() => names.Topics.All(topic => Existing(admin).ContainsKey(topic.Topic)), "does not show the generation's new topics", cancel);
    }

    /// <summary>Deletes the group and the topics, where they are there.</summary>
    /// <exception cref="GenerationInUseException">The generation is still being written; nothing is deleted.</exception>
    public async Task DeleteAsync(CancellationToken cancel)
    {
        using var admin = Admin();
        try
        {
            await admin.DeleteGroupsAsync([names.GroupId], new DeleteGroupsOptions { RequestTimeout = AnswerWithin });
        }
        catch (DeleteGroupsException e) when (e.Results.All(group => group.Error.Code is ErrorCode.GroupIdNotFound))
        {
            // Nothing was committed, or it is deleted already.
        }
        catch (DeleteGroupsException e) when (e.Results.Any(group => group.Error.Code is ErrorCode.NonEmptyGroup))
        {
            throw new GenerationInUseException(
                $"A reprocess still writes generation {names.Name}, or was killed within the last seconds: its group {names.GroupId} has members. Stop it, or wait ten seconds, and discard again.", e);
        }

        var there = names.Topics.Select(topic => topic.Topic).Where(Existing(admin).ContainsKey).ToList();
        if (there.Count == 0) return;
        try
        {
            await admin.DeleteTopicsAsync(there, new DeleteTopicsOptions { OperationTimeout = AnswerWithin, RequestTimeout = AnswerWithin });
        }
        catch (DeleteTopicsException e) when (e.Results.All(topic => topic.Error.Code is ErrorCode.NoError or ErrorCode.UnknownTopicOrPart))
        {
            // Another discard was faster.
        }

        await UntilAsync(() => !there.Exists(Existing(admin).ContainsKey), "still shows the deleted topics", cancel);
    }

    /// <summary>The offsets a group has committed; partitions without one are left out.</summary>
    /// <param name="reader">A client made by <see cref="Reader"/>.</param>
    /// <exception cref="KafkaException">The log does not answer, or a transaction is just being ended.</exception>
    public static IReadOnlyDictionary<int, long> Committed(IConsumer<Ignore, Ignore> reader, IEnumerable<TopicPartition> partitions) =>
        reader.Committed(partitions, AnswerWithin).Where(found => !found.Offset.IsSpecial).ToDictionary(found => found.Partition.Value, found => found.Offset.Value);

    /// <summary>A client that reads a group's offsets and is no member of it.</summary>
    public static IConsumer<Ignore, Ignore> Reader(KafkaOptions kafka, string groupId) =>
        new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig(kafka.ToClientConfig($"{groupId}-progress")) { GroupId = groupId, EnableAutoCommit = false })
            .SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();

    private static async Task UntilAsync(Func<bool> done, string trouble, CancellationToken cancel)
    {
        var until = DateTime.UtcNow + AnswerWithin;
        while (!done())
        {
            if (DateTime.UtcNow > until) throw new CommandException($"The log {trouble} after {AnswerWithin.TotalSeconds} s. Try again.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancel);
        }
    }

    private static Dictionary<string, int> Existing(IAdminClient admin) => admin.GetMetadata(AnswerWithin).Topics
        .Where(topic => topic.Error.Code == ErrorCode.NoError).ToDictionary(topic => topic.Topic, topic => topic.Partitions.Count);

    private IAdminClient Admin() => new AdminClientBuilder(kafka.ToClientConfig("generations")).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
}
