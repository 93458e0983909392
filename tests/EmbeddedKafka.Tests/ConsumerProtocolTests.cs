using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Topics;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>The consumer protocol against the coordinator itself, with a clock of its own.</summary>
public sealed class ConsumerProtocolTests : IDisposable
{
    private const string Topic = "t";
    private static readonly TimeSpan Session = TimeSpan.FromSeconds(45), Rebalance = TimeSpan.FromSeconds(100);

    private readonly string _directory = Directory.CreateTempSubdirectory("embedded-kafka-consumers-").FullName;
    private readonly StoppedClock _clock = new();
    private TopicRegistry _topics;
    private GroupCoordinator _groups;

    public ConsumerProtocolTests()
    {
        (_topics, _groups) = Open();
        _topics.Create(Topic, 4, TopicConfig.Default);
    }

    public void Dispose()
    {
        _topics.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void A_member_that_does_not_give_back_in_time_is_out()
    {
        var a = Join("a");
        Say("a", a.Epoch, owned: [.. a.Assignment!]);
        var b = Join("b");
        Assert.Equal((4, 0), (a.Assignment!.Count, b.Assignment!.Count));
        Assert.Equal(2, Say("a", a.Epoch).Assignment!.Count);
        for (var passed = TimeSpan.Zero; passed < Rebalance; passed += Session / 2)
        {
            Assert.Null(Say("b", b.Epoch).Assignment);
            Assert.Equal(ErrorCode.None, Say("a", b.Epoch).Error);
            Pass(Session / 2);
        }

        Assert.Equal(ErrorCode.UnknownMemberId, Say("a", b.Epoch).Error);
        Assert.Equal(4, Say("b", b.Epoch).Assignment!.Count);
    }

    [Fact]
    public void A_member_that_is_silent_for_its_session_is_out_and_a_static_one_that_left_for_a_while_too()
    {
        Join("a");
        var b = Join("b", "static");
        Assert.Equal(ErrorCode.None, Say("b", -2, "static").Error);
        Pass(Session / 2);
        Assert.Equal(2, Group.Consumers!.Members.Count);
        Pass(Session);
        Assert.Equal(("Empty", 0), (Group.StateName, Group.Consumers.Members.Count));
        Assert.Equal(ErrorCode.UnknownMemberId, Say("b", b.Epoch, "static").Error);
    }

    [Fact]
    public void A_restart_changes_nothing_for_the_members()
    {
        var a = Join("a");
        var b = Join("b", "static");
        Say("a", a.Epoch); // told to give back two, and has not said that it did
        Restart();
        Assert.Null(Say("b", b.Epoch, "static").Assignment);
        Assert.Equal("Reconciling", Group.StateName);
        Assert.Equal(ErrorCode.UnreleasedInstanceId, Join("c", "static").Error);
        var kept = Group.Consumers!.Members.Single(m => m.Id == "a").Assigned.Keys.ToHashSet();
        var told = Say("a", b.Epoch, owned: kept);
        Assert.Equal((ErrorCode.None, true), (told.Error, told.Epoch > b.Epoch));
        Assert.Equal(2, Say("b", Member("b").Epoch, "static").Assignment!.Count);
        Assert.Equal("Stable", Group.StateName);

        Restart();
        Assert.Equal([2, 2], Group.Consumers!.Members.Select(m => m.Assigned.Count));
        Assert.Equal((ErrorCode.None, ErrorCode.None), (Say("a", Member("a").Epoch).Error, Say("b", Member("b").Epoch, "static").Error));
        Assert.Equal(ErrorCode.None, Say("a", -1).Error);
        Assert.Equal(ErrorCode.None, Say("b", -1, "static").Error);
        Restart();
        Assert.Equal("Empty", Group.StateName);
        Assert.Equal(ErrorCode.None, _groups.Delete("g"));
        Restart();
        Assert.Null(_groups.Find("g"));
    }

    [Fact]
    public async Task A_group_with_members_does_not_change_its_protocol_and_an_empty_one_does()
    {
        var classic = new JoinRequest("g", "", null, "client", "/127.0.0.1", Session, Rebalance, "consumer", [new GroupProtocol("range", [])], false, false);
        Join("a");
        Assert.Equal(ErrorCode.InconsistentGroupProtocol, (await Group.Join(classic)).Error);
        Assert.Equal(ErrorCode.NonEmptyGroup, _groups.Delete("g"));
        Say("a", -1);
        var joined = await Group.Join(classic);
        Assert.Equal(ErrorCode.None, joined.Error);
        await Group.Sync(joined.MemberId, null, joined.Generation, null, null, new Dictionary<string, byte[]>());
        Assert.Equal(ErrorCode.GroupIdNotFound, Join("a").Error);
        Restart();
        Assert.Null(Group.Consumers);
        Group.Leave(joined.MemberId, null);
        Assert.Equal(ErrorCode.None, Join("a").Error);
        Restart();
        Assert.Equal("a", Assert.Single(Group.Consumers!.Members).Id);
    }

    [Fact]
    public void Members_expressions_and_memory_are_bounded()
    {
        (_topics, _groups) = Reopen(maxMembers: 25, maxMemory: 1024 * 1024);
        for (var i = 0; i < 20; i++)
            Assert.Equal(ErrorCode.None, Join($"m{i}", regex: $"t{i}*").Error);
        Assert.Equal(ErrorCode.GroupMaxSizeReached, Join("m20", regex: "u*").Error);
        for (var i = 20; i < 25; i++)
            Assert.Equal(ErrorCode.None, Join($"m{i}").Error);
        Assert.Equal(ErrorCode.GroupMaxSizeReached, Join("m25").Error);

        var refused = ErrorCode.None;
        for (var i = 0; i < 100 && refused == ErrorCode.None; i++)
        {
            _groups.Measure();
            refused = _groups.Heartbeat(Request("m", 0, null, null, []) with { GroupId = $"g{i}", Topics = [.. Enumerable.Range(i, 1000).Select(n => $"a-topic-that-is-not-there-{n}")] }).Error;
        }

        Assert.Equal(ErrorCode.GroupMaxSizeReached, refused);
        Assert.Equal(ErrorCode.None, Say("m0", Member("m0").Epoch).Error);
    }

    [Fact]
    public void What_a_group_would_be_assigned_counts_before_it_is()
    {
        _topics.Create("large", 9_000, TopicConfig.Default);
        (_topics, _groups) = Reopen(maxMembers: 10, maxMemory: 1024 * 1024);
        Assert.Equal(ErrorCode.CoordinatorNotAvailable, _groups.Heartbeat(Request("m", 0, null, null, []) with { Topics = ["large"] }).Error);
        _groups.Measure();
        Assert.Equal(ErrorCode.None, _groups.Heartbeat(Request("m", 0, null, null, []) with { GroupId = "other" }).Error);
    }

    [Fact]
    public void A_regular_expression_matches_whole_names_and_is_checked()
    {
        foreach (var name in (string[])["cars", "cars-old", "old-cars"])
            _topics.Create(name, 1, TopicConfig.Default);
        var ids = Join("a", regex: "cars|old-.*").Assignment!.Select(p => _topics.Find(p.Topic)!.Name);
        Assert.Equal(["cars", "old-cars", Topic], ids.Distinct().Order(StringComparer.Ordinal));
        foreach (var wrong in (string[])["a(", "a)|(b", @"(a)\1", "(?=a)"])
            Assert.Equal((wrong, ErrorCode.InvalidRegularExpression), (wrong, Join("b", regex: wrong).Error));
        Assert.DoesNotContain(Group.Consumers!.Members, m => m.Id == "b");

        // However much they stand for, they cost no more than they say, or are refused.
        foreach (var large in (string[])["(((t{999}){999}){999})*", "(t?){400}t{400}", "(.*.*.*.*){99}x"])
            Assert.Contains(Join("c", regex: large).Error, new[] { ErrorCode.None, ErrorCode.InvalidRegularExpression });
        Assert.Equal(ErrorCode.InvalidRegularExpression, _groups.Heartbeat(Request("d", 0, null, "(", []) with { GroupId = "refused" }).Error);
        _groups.Expire(_groups.Find("refused")!, TimeSpan.FromDays(7));
        Assert.Null(_groups.Find("refused"));
    }

    /// <summary>
    /// Members that come, go, fall silent, lose answers and come back while topics and the server change: what a member believes to have is
    /// never anybody else's, and once all is calm everybody has a fair share of everything.
    /// </summary>
    [Theory]
    [InlineData("uniform")]
    [InlineData("range")]
    public void Whatever_happens_no_partition_has_two_owners_and_all_get_their_share(string assignor)
    {
        for (var round = 0; round < 60; round++)
        {
            var seed = Random.Shared.Next();
            var random = new Random(seed);
            var clients = Enumerable.Range(0, 5).Select(i => new SimulatedConsumer($"{round}-{i}", i % 2 == 0 ? null : $"s{i}", assignor, random)).ToList();
            for (var step = 0; step < 200; step++)
            {
                switch (random.Next(40))
                {
                    case 0:
                        Restart();
                        clients.ForEach(c => c.LoseConnection());
                        break;
                    case 1: _topics.AddPartitions(Topic, Math.Min(20, _topics.Find(Topic)!.Partitions.Count + 1)); break;
                    case 2:
                        clients.ForEach(c => c.Beat(r => _groups.Heartbeat(r)));
                        Pass(Session / 10);
                        break;
                    default: clients[random.Next(clients.Count)].Step(r => _groups.Heartbeat(r)); break;
                }

                CheckOwners(clients, seed);
            }

            for (var calm = 0; calm < 30; calm++)
            {
                clients.ForEach(c => c.Beat(r => _groups.Heartbeat(r)));
                CheckOwners(clients, seed);
                Pass(TimeSpan.FromSeconds(5));
            }

            Assert.True(Group.StateName == "Stable", $"seed {seed}: {Group.StateName}");
            var shares = clients.Select(c => c.Owned.Count).ToList();
            Assert.True(shares.Sum() == _topics.Find(Topic)!.Partitions.Count && shares.Max() - shares.Min() <= 1, $"seed {seed}: {string.Join(',', shares)}");
            clients.ForEach(c => c.Leave(r => _groups.Heartbeat(r)));
        }
    }

    private static void CheckOwners(List<SimulatedConsumer> clients, int seed)
    {
        var twice = clients.SelectMany(c => c.Owned).GroupBy(p => p).Where(p => p.Count() > 1).Select(p => p.Key.Partition).ToList();
        Assert.True(twice.Count == 0, $"seed {seed}: {string.Join(',', twice)} have two owners.");
    }

    private Group Group => _groups.Find("g")!;

    private ConsumerMember Member(string id) => Group.Consumers!.Members.Single(m => m.Id == id);

    private ConsumerHeartbeatResult Join(string id, string? instance = null, string? regex = null) => _groups.Heartbeat(Request(id, 0, instance, regex, []));

    private ConsumerHeartbeatResult Say(string id, int epoch, string? instance = null, HashSet<TopicIdPartition>? owned = null) =>
        _groups.Heartbeat(new("g", id, epoch, instance, null, null, null, null, null, owned, "client", "/127.0.0.1"));

    private static ConsumerHeartbeat Request(string id, int epoch, string? instance, string? regex, HashSet<TopicIdPartition> owned) =>
        new("g", id, epoch, instance, null, Rebalance, [Topic], regex, null, owned, "client", "/127.0.0.1");

    private void Pass(TimeSpan time)
    {
        _clock.Pass(time);
        foreach (var group in _groups.All)
        {
            lock (group.Lock)
                _groups.Tick(group);
        }
    }

    private void Restart() => (_topics, _groups) = Reopen(int.MaxValue, long.MaxValue);

    private (TopicRegistry Topics, GroupCoordinator Groups) Reopen(int maxMembers, long maxMemory)
    {
        _topics.Dispose();
        return Open(maxMembers, maxMemory);
    }

    private (TopicRegistry Topics, GroupCoordinator Groups) Open(int maxMembers = int.MaxValue, long maxMemory = long.MaxValue)
    {
        var topics = new TopicRegistry(_directory, _clock, flush: false, NullLogger.Instance);
        topics.Open();
        var groups = new GroupCoordinator(topics, _clock, maxMembers, maxMemory, timing: new ConsumerTiming(Session, TimeSpan.FromSeconds(5)));
        groups.Load();
        return (topics, groups);
    }

    private sealed class StoppedClock : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UtcNow;

        public void Pass(TimeSpan time) => _now += time;

        public override DateTimeOffset GetUtcNow() => _now;
    }
}
