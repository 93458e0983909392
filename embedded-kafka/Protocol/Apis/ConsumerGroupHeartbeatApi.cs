using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>The consumer protocol's one request: a member joins with it, lives, says what it has, hears what it may have, and leaves.</summary>
internal static class ConsumerGroupHeartbeatApi
{
    public static void Handle(Call call)
    {
        var request = Read(call.Request, call.Version, call.ClientId, call.ClientHost);
        var result = Check(request, call.Version) is var (error, message) ? new(error, message) : call.Broker.Groups.Heartbeat(request);
        var response = call.Response;
        response.Int32(0);
        response.Error(result.Error);
        response.Message(result.Message);
        response.String(result.MemberId);
        response.Int32(result.Epoch);
        response.Int32(result.Error == ErrorCode.None ? (int)call.Broker.Options.ConsumerHeartbeatInterval.TotalMilliseconds : 0);
        response.Int8(result.Assignment is null ? (sbyte)-1 : (sbyte)1);
        if (result.Assignment is { } assignment)
        {
            response.Array(assignment.GroupBy(p => p.Topic).ToList(), static (w, topic) =>
            {
                w.Uuid(topic.Key);
                w.Int32Array([.. topic.Select(p => p.Partition)]);
                w.Tags();
            });
            response.Tags();
        }

        response.Tags();
    }

    private static ConsumerHeartbeat Read(RequestReader r, short version, string clientId, string clientHost)
    {
        var (groupId, memberId, epoch, instanceId, rackId) = (r.String(), r.String(), r.Int32(), r.NullableString(), r.NullableString());
        TimeSpan? rebalanceTimeout = r.Int32() is var ms && ms != -1 ? TimeSpan.FromMilliseconds(ms) : null;
        var names = r.NullableArray(static t => t.String());
        var regex = version >= 1 ? r.NullableString() : null;
        var assignor = r.NullableString();
        var owned = r.NullableArray(static t =>
        {
            var (topic, partitions) = (t.Uuid(), t.Int32Array());
            t.Tags();
            return partitions.Select(p => new TopicIdPartition(topic, p));
        });

        // Before version 1 a new member may leave its name to the server.
        if (version == 0 && epoch == ConsumerHeartbeat.Join && memberId.Length == 0)
            memberId = Guid.NewGuid().ToString();
        return new(groupId, memberId, epoch, instanceId, rackId, rebalanceTimeout, names, regex, assignor, owned?.SelectMany(p => p).ToHashSet(), clientId, clientHost);
    }

    private static (ErrorCode Error, string Message)? Check(ConsumerHeartbeat request, short version)
    {
        string? wrong = request switch
        {
            { GroupId.Length: 0 } => "The group id is empty.",
            { InstanceId.Length: 0 } => "The instance id is empty.",
            { RackId.Length: 0 } => "The rack id is empty.",
            { MemberId.Length: 0 } => "The member id is empty.",
            { Epoch: < ConsumerHeartbeat.LeaveForNow } => "The member epoch is less than -2.",
            { Epoch: ConsumerHeartbeat.LeaveForNow, InstanceId: null } => "A member without an instance id cannot leave for a while only (epoch -2).",
            { Epoch: ConsumerHeartbeat.Join, RebalanceTimeout: null } => "A member that joins has to give its rebalance timeout.",
            { Epoch: ConsumerHeartbeat.Join, Owned: not { Count: 0 } } => "A member that joins can have no partitions.",
            { Epoch: ConsumerHeartbeat.Join, Topics: null, Regex: null } => "A member that joins has to give topics or a regular expression.",
            { RebalanceTimeout.Ticks: < 0 } => "The rebalance timeout is negative.",
            { Regex.Length: > ConsumerTopics.MaxRegexLength } => $"The regular expression has more than {ConsumerTopics.MaxRegexLength} characters.",
            _ when new[] { request.GroupId, request.MemberId, request.InstanceId, request.RackId }.Any(n => n?.Length > GroupCoordinator.MaxNameLength) => $"A name has more than {GroupCoordinator.MaxNameLength} characters.",
            _ when request.Topics?.Sum(t => (long)t.Length) > JoinGroupApi.MaxMemberData => $"The topics' names have more than {JoinGroupApi.MaxMemberData} characters.",
            _ => null,
        };
        if (wrong is not null)
            return (ErrorCode.InvalidRequest, wrong);
        return request.Assignor is null || PartitionAssignor.Names.Contains(request.Assignor)
            ? null
            : (ErrorCode.UnsupportedAssignor, $"There is no assignor '{request.Assignor}'; there are {string.Join(" and ", PartitionAssignor.Names)}.");
    }
}
