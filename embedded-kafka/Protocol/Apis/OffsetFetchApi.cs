using Kappa.Iot.Embedded.Groups;
using Kappa.Iot.Embedded.Topics;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>How far groups have come. From version 8 on several groups at once.</summary>
internal static class OffsetFetchApi
{
    private sealed record Question(string GroupId, (string Name, int[] Partitions)[]? Topics)
    {
        /// <summary>Who asks, where a member of the consumer protocol does.</summary>
        public string? MemberId { get; init; }

        public int MemberEpoch { get; init; } = -1;
    }

    public static void Handle(Call call)
    {
        var (request, response, version) = (call.Request, call.Response, call.Version);
        Question[] questions = version >= 8
            ? request.Array(r =>
            {
                var groupId = r.String();
                var (memberId, epoch) = version >= 9 ? (r.NullableString(), r.Int32()) : (null, -1);
                var question = new Question(groupId, r.NullableArray(ReadTopic)) { MemberId = memberId, MemberEpoch = epoch };
                r.Tags();
                return question;
            })
            : [new Question(request.String(), request.NullableArray(ReadTopic))];
        var stableOnly = version >= 7 && request.Bool();

        if (version >= 3)
            response.Int32(0);
        if (version >= 8)
        {
            response.Array(questions, (w, question) =>
            {
                w.String(question.GroupId);
                var error = Check(call, question);
                if (error == ErrorCode.None)
                    WriteTopics(w, call, question, stableOnly);
                else
                    w.ArrayLength(0);
                w.Error(error);
                w.Tags();
            });
        }
        else
        {
            WriteTopics(response, call, questions[0], stableOnly);
            if (version >= 2)
                response.Error(ErrorCode.None);
        }

        response.Tags();
    }

    private static ErrorCode Check(Call call, Question question)
    {
        if ((question.MemberId is null && question.MemberEpoch < 0) || call.Broker.Groups.Find(question.GroupId) is not { } group)
            return ErrorCode.None;
        lock (group.Lock)
            return group.Consumers?.Check(question.MemberId ?? "", question.MemberEpoch) ?? ErrorCode.None;
    }

    private static (string Name, int[] Partitions) ReadTopic(RequestReader r)
    {
        var topic = (r.String(), r.Int32Array());
        r.Tags();
        return topic;
    }

    private static void WriteTopics(ResponseWriter w, Call call, Question question, bool stableOnly)
    {
        if (call.Broker.Groups.Find(question.GroupId) is not { } group)
        {
            Write(w, question.Topics ?? [], static _ => (null, false));
            return;
        }

        lock (group.Lock)
        {
            var pending = group.PendingOffsets.Values.SelectMany(p => p.Keys).ToHashSet();
            var topics = question.Topics
                ?? [.. group.Offsets.Keys.GroupBy(p => p.Topic).Select(t => (t.Key, t.Select(p => p.Partition).Order().ToArray()))];
            Write(w, topics, p => (group.Offsets.GetValueOrDefault(p), stableOnly && pending.Contains(p)));
        }

        void Write(ResponseWriter writer, (string Name, int[] Partitions)[] topics, Func<TopicPartition, (CommittedOffset? Offset, bool Unstable)> find) =>
            writer.Array(topics, (tw, topic) =>
            {
                tw.String(topic.Name);
                tw.Array(topic.Partitions, (pw, partition) =>
                {
                    var (offset, unstable) = find(new TopicPartition(topic.Name, partition));
                    if (unstable)
                        offset = null;
                    pw.Int32(partition);
                    pw.Int64(offset?.Offset ?? -1);
                    if (call.Version >= 5)
                        pw.Int32(offset?.LeaderEpoch ?? -1);
                    pw.String(offset?.Metadata ?? "");
                    pw.Error(unstable ? ErrorCode.UnstableOffsetCommit : ErrorCode.None);
                    pw.Tags();
                });
                tw.Tags();
            });
    }
}
