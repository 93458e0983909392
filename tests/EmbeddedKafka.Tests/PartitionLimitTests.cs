using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>How many partitions all topics together may have.</summary>
public sealed class PartitionLimitTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("embedded-kafka-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task What_would_be_more_is_refused_with_the_reason_until_there_is_room_again()
    {
        await using (var kafka = await StartAsync(5))
        {
            using var admin = Admin(kafka);
            await CreateAsync(admin, "a", 3);
            await RefusedAsync(() => CreateAsync(admin, "b", 3));
            await CreateAsync(admin, "b", 1);
            await RefusedAsync(() => admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = "b", IncreaseTo = 3 }]));
            await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = "b", IncreaseTo = 2 }]);
            await admin.DeleteTopicsAsync(["a"]);
            await CreateAsync(admin, "c", 3);
        }

        // More than are allowed by now stay what they are.
        await using var less = await StartAsync(1);
        using var again = Admin(less);
        Assert.Equal(["b:2", "c:3"], again.GetMetadata(TimeSpan.FromSeconds(30)).Topics.Where(t => !t.Topic.StartsWith("__", StringComparison.Ordinal)).Select(t => $"{t.Topic}:{t.Partitions.Count}").Order());
        await RefusedAsync(() => CreateAsync(again, "d", 1));
    }

    private Task<EmbeddedKafka> StartAsync(int partitions) =>
        EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { DataDirectory = _data, MaxPartitions = partitions }, TestContext.Current.CancellationToken);

    private static IAdminClient Admin(EmbeddedKafka kafka) => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();

    private static Task CreateAsync(IAdminClient admin, string topic, int partitions) => admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions }]);

    private static async Task RefusedAsync(Func<Task> work)
    {
        var error = await Assert.ThrowsAnyAsync<KafkaException>(work);
        var report = error switch
        {
            CreateTopicsException e => e.Results.Single().Error,
            CreatePartitionsException e => e.Results.Single().Error,
            _ => error.Error,
        };
        Assert.Equal(ErrorCode.PolicyViolation, report.Code);
        Assert.Contains("maxPartitions", report.Reason, StringComparison.Ordinal);
    }
}
