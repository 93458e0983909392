using Confluent.Kafka;
using Confluent.Kafka.Admin;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>The consumer protocol (KIP-848): the server assigns.</summary>
public sealed class NewProtocolTests(Servers servers)
{
    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Everything_is_consumed_once_while_members_come_leave_and_take_over(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(6), NewName("group"));
        await using var first = Member(kafka, group, topic);
        await EventuallyAsync(() => first.Count == 6, "the only member has everything");
        await using var second = Member(kafka, group, topic);
        await EventuallyAsync(() => first.Count == 3 && second.Count == 3, "two members share");
        Assert.Empty(first.Assigned.Intersect(second.Assigned));
        Assert.Equal(second.Assigned.Order(), first.Revoked.Order()); // and kept the rest
        await using (var third = Member(kafka, group, topic))
        {
            await EventuallyAsync(() => first.Count == 2 && second.Count == 2 && third.Count == 2, "three members share");
            Assert.Equal(Enumerable.Range(0, 6), first.Assigned.Concat(second.Assigned).Concat(third.Assigned).Order());
        }

        await EventuallyAsync(() => first.Count == 3 && second.Count == 3, "a member that leaves gives back");
        Assert.Empty(first.Failures.Concat(second.Failures));
    }

    private static GroupConsumer Member(KafkaClients kafka, string group, string topic, Action<ConsumerConfig>? change = null) => new(kafka, group, topic, c =>
    {
        NewProtocol(c);
        change?.Invoke(c);
    });

    /// <summary>The server sets the times and the assignor.</summary>
    private static void NewProtocol(ConsumerConfig config)
    {
        config.GroupProtocol = GroupProtocol.Consumer;
        config.SessionTimeoutMs = null;
        config.HeartbeatIntervalMs = null;
    }
}
