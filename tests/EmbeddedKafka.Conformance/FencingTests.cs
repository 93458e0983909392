using static Kappa.Iot.Embedded.Conformance.KafkaClients;
using static Kappa.Iot.Embedded.Conformance.RawMember;

namespace Kappa.Iot.Embedded.Conformance;

/// <summary>What the consumer protocol refuses, and how: no client's interface lets a test do this wrong.</summary>
public sealed class FencingTests(Servers servers)
{
    private const short None = 0, UnknownMemberId = 25, UnsupportedVersion = 35, InvalidRequest = 42, GroupIdNotFound = 69, FencedInstanceId = 82, FencedMemberEpoch = 110,
        UnreleasedInstanceId = 111, UnsupportedAssignor = 112, StaleMemberEpoch = 113, InvalidRegularExpression = 128;

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Wrong_heartbeats_are_told_so(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var topic = await kafka.CreateTopicAsync(2);
        var (group, member) = (NewName("group"), new RawMember(kafka, NewName("group"), NewName("member")));
        var join = Join(topic);
        await JoinAsync(new RawMember(kafka, NewName("group"), "first"), topic);
        Assert.Equal(GroupIdNotFound, await ErrorAsync(member, new(1)));
        Assert.Equal(GroupIdNotFound, await ErrorAsync(member, new(-1)));
        Assert.Equal(InvalidRequest, await ErrorAsync(new(kafka, "", "m"), join));
        Assert.Equal(InvalidRequest, await ErrorAsync(new(kafka, group, ""), join));
        Assert.Equal(InvalidRequest, await ErrorAsync(member, join with { Epoch = -3 }));
        Assert.Equal(InvalidRequest, await ErrorAsync(member, join with { Epoch = -2 }));
        Assert.Equal(InvalidRequest, await ErrorAsync(member, join with { RebalanceTimeout = -1 }));
        Assert.Equal(InvalidRequest, await ErrorAsync(member, join with { Owned = null }));
        Assert.Equal(InvalidRequest, await ErrorAsync(member, join with { Owned = [(Guid.NewGuid(), [0])] }));
        Assert.Equal(InvalidRequest, await ErrorAsync(member, join with { Topics = null }));
        Assert.Equal(InvalidRequest, await ErrorAsync(member, join with { Instance = "" }));
        Assert.Equal(UnsupportedAssignor, await ErrorAsync(member, join with { Assignor = "by-chance" }));
        Assert.Equal(InvalidRegularExpression, await ErrorAsync(member, join with { Topics = [], Regex = "a(" }));
        Assert.Equal(None, await ErrorAsync(member, join));
        Assert.Equal(UnknownMemberId, await ErrorAsync(new(kafka, group, "nobody"), join with { Epoch = 1 }, then: new RawMember(kafka, group, "somebody"), join));
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task Epochs_fence_members_and_their_commits(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(2), NewName("group"));
        var (a, b) = (new RawMember(kafka, group, "a"), new RawMember(kafka, group, "b"));
        var (error, epoch, all) = await JoinAsync(a, topic);
        Assert.Equal(None, error);
        var id = Assert.Single(all!).Key;
        Assert.Equal([0, 1], all![id].Order());
        Assert.Equal(FencedMemberEpoch, await ErrorAsync(a, new(epoch + 1)));
        Assert.Equal((None, epoch), ((await a.SayAsync(new(epoch))) is var (e, n, _) ? (e, n) : default));
        Assert.Null((await a.SayAsync(new(epoch))).Assignment);
        Assert.Equal((None, StaleMemberEpoch, UnsupportedVersion, UnknownMemberId), (
            await a.CommitAsync(epoch, topic, 0), await a.CommitAsync(epoch + 1, topic, 0), await a.CommitAsync(epoch, topic, 0, version: 8), await b.CommitAsync(epoch, topic, 0)));
        Assert.Equal((None, StaleMemberEpoch, UnknownMemberId), (await a.FetchAsync(epoch), await a.FetchAsync(epoch + 1), await b.FetchAsync(epoch)));

        // A second member: it gets what the first gives back, and not before.
        var (joined, newEpoch, nothing) = await b.SayAsync(Join(topic));
        Assert.Equal((None, 0), (joined, nothing!.Values.Sum(p => p.Length)));
        Assert.True(newEpoch > epoch);
        var told = await a.SayAsync(new(epoch));
        Assert.Equal(None, told.Error);
        var kept = Assert.Single(told.Assignment!).Value.Single();
        Assert.Null((await b.SayAsync(new(newEpoch))).Assignment);
        Assert.Null((await a.SayAsync(new(told.Epoch, Owned: [(id, [0, 1])]))).Assignment);
        Assert.Null((await b.SayAsync(new(newEpoch))).Assignment);
        Assert.Equal(newEpoch, (await a.SayAsync(new(told.Epoch, Owned: [(id, [kept])]))).Epoch);
        Assert.Equal([1 - kept], Assert.Single((await b.SayAsync(new(newEpoch))).Assignment!).Value);

        // The answer with the new epoch may have been lost: the old one is right once more, with what it may have.
        Assert.Equal(newEpoch, (await a.SayAsync(new(epoch, RebalanceTimeout: 60_000, Topics: [topic], Owned: [(id, [kept])]))).Epoch);
        Assert.Equal(FencedMemberEpoch, await ErrorAsync(a, new(epoch, Owned: [(id, [0, 1])])));
        Assert.Equal(FencedMemberEpoch, await ErrorAsync(a, new(epoch)));

        // What it has had since the old epoch it may commit for with that.
        Assert.Equal((None, StaleMemberEpoch, StaleMemberEpoch), (await a.CommitAsync(epoch, topic, kept), await a.CommitAsync(epoch, topic, 1 - kept), await b.CommitAsync(epoch, topic, 1 - kept)));

        // Fenced, it joins again at once.
        var again = await a.SayAsync(Join(topic));
        Assert.Equal([kept], Assert.Single(again.Assignment!).Value);
        Assert.Equal((None, -1), ((await b.SayAsync(new(-1))) is var (left, minus, _) ? (left, minus) : default));
        Assert.Equal(UnknownMemberId, await ErrorAsync(b, new(newEpoch)));
        Assert.Equal([0, 1], Assert.Single((await a.SayAsync(new(again.Epoch))).Assignment!).Value.Order());
    }

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task An_instance_id_has_one_member(string server)
    {
        var kafka = await servers.ConnectAsync(server);
        var (topic, group) = (await kafka.CreateTopicAsync(2), NewName("group"));
        var (old, next) = (new RawMember(kafka, group, "old"), new RawMember(kafka, group, "next"));
        var (error, epoch, assignment) = await JoinAsync(old, topic, "same");
        Assert.Equal((None, 2), (error, assignment!.Values.Sum(p => p.Length)));
        Assert.Equal(UnreleasedInstanceId, await ErrorAsync(next, Join(topic, "same")));
        Assert.Equal(UnknownMemberId, await ErrorAsync(old, new(epoch, "another")));
        Assert.Equal(None, await ErrorAsync(old, new(-2, "same")));
        var back = await next.SayAsync(Join(topic, "same"));
        Assert.Equal((None, 2, epoch), (back.Error, back.Assignment!.Values.Sum(p => p.Length), back.Epoch));
        Assert.Equal(FencedInstanceId, await ErrorAsync(old, new(epoch, "same")));
        Assert.Equal(FencedInstanceId, await ErrorAsync(old, new(-1, "same")));
        Assert.Equal(None, await ErrorAsync(next, new(-1, "same")));
    }

    private static async Task<short> ErrorAsync(RawMember member, Words words, RawMember? then = null, Words? first = null)
    {
        if (then is not null)
            await then.SayAsync(first!);
        return (await member.SayAsync(words)).Error;
    }

    /// <summary>Joins; an Apache Kafka that has just started makes its offsets topic first, and hears of a new topic a moment later.</summary>
    private static async Task<(short Error, int Epoch, Dictionary<Guid, int[]>? Assignment)> JoinAsync(RawMember member, string topic, string? instance = null)
    {
        var answer = await member.SayAsync(Join(topic, instance));
        await EventuallyAsync(
            () =>
            {
                if (answer.Error is 14 or 15 or 16) // loading, not available, not this broker
                    answer = member.SayAsync(Join(topic, instance)).GetAwaiter().GetResult();
                else if (answer is { Error: None, Assignment.Count: 0 })
                    answer = member.SayAsync(new(answer.Epoch, instance, 60_000, [topic], Owned: [])).GetAwaiter().GetResult();
                return answer.Error is not (None or 14 or 15 or 16) || answer.Assignment is { Count: > 0 };
            },
            $"{member.Id} has joined");
        return answer;
    }
}
