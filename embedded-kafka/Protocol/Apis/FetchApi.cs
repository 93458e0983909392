using Kappa.Iot.Embedded.Log;

namespace Kappa.Iot.Embedded.Protocol.Apis;

/// <summary>Reads batches as they are on disk, and waits for more where there are too few.</summary>
internal static class FetchApi
{
    /// <summary>Bytes; so little is quicker copied into the answer than sent by itself.</summary>
    private const int MaxCopied = 32 * 1024;

    private readonly record struct Wanted((string Name, Guid Id) Topic, int Partition, long Offset, int LeaderEpoch, int MaxBytes, PartitionLog? Log, ErrorCode NotFound);

    public static async ValueTask HandleAsync(Call call)
    {
        var (request, version) = (call.Request, call.Version);
        if (version <= 14)
            request.Int32();
        var maxWait = TimeSpan.FromMilliseconds(Math.Clamp(request.Int32(), 0, call.Broker.Options.MaxIdle.TotalMilliseconds));
        var minBytes = request.Int32();
        var maxBytes = Math.Clamp(request.Int32(), 0, call.Broker.Options.MaxFetchSize);
        var committedOnly = request.Int8() == 1;
        if (version >= 7)
        {
            // Fetch sessions are not kept: session id 0 in the answer tells the client to name its partitions every time.
            request.Int32();
            request.Int32();
        }

        var wanted = ReadPartitions(call);
        var slices = Plan(wanted, committedOnly);
        if (maxWait > TimeSpan.Zero && minBytes > 0 && !IsEnough(slices, minBytes))
            slices = await WaitAsync(call, wanted, slices, committedOnly, minBytes, maxWait);
        Write(call, wanted, slices, committedOnly, maxBytes);
    }

    private static List<Wanted> ReadPartitions(Call call)
    {
        var (request, version) = (call.Request, call.Version);
        var wanted = new List<Wanted>();
        for (var topics = request.ArrayLength(); topics > 0; topics--)
        {
            (string Name, Guid Id) key = version >= 13 ? ("", request.Uuid()) : (request.String(), Guid.Empty);
            var topic = version >= 13 ? call.Broker.Topics.Find(key.Id) : call.Broker.Topics.Find(key.Name);
            var notFound = topic is null && version >= 13 ? ErrorCode.UnknownTopicId : ErrorCode.UnknownTopicOrPartition;
            for (var partitions = request.ArrayLength(); partitions > 0; partitions--)
            {
                var index = request.Int32();
                var epoch = version >= 9 ? request.Int32() : -1;
                var offset = request.Int64();
                if (version >= 12)
                    request.Int32();
                if (version >= 5)
                    request.Int64();
                var max = request.Int32();
                request.Tags();
                wanted.Add(new Wanted(key, index, offset, epoch, Math.Max(0, max), topic?.Partition(index), notFound));
            }

            request.Tags();
        }

        return wanted;
    }

    private static LogSlice[] Plan(List<Wanted> wanted, bool committedOnly)
    {
        var slices = new LogSlice[wanted.Count];
        for (var i = 0; i < slices.Length; i++)
        {
            var want = wanted[i];
            slices[i] = want switch
            {
                { Log: null } => new LogSlice(want.NotFound, -1, -1, -1, null, 0, 0, 0),
                { LeaderEpoch: > 0 } => new LogSlice(ErrorCode.UnknownLeaderEpoch, -1, -1, -1, null, 0, 0, 0),
                _ => PlanOne(want.Log, want.Offset, committedOnly),
            };
        }

        return slices;
    }

    private static LogSlice PlanOne(PartitionLog log, long offset, bool committedOnly)
    {
        while (true)
        {
            try
            {
                return log.Plan(offset, committedOnly);
            }
            catch (ObjectDisposedException)
            {
                // Retention or compaction took the segment away between the look and the read: look again.
            }
        }
    }

    private static bool IsEnough(LogSlice[] slices, int minBytes)
    {
        long available = 0;
        foreach (ref readonly var slice in slices.AsSpan())
        {
            // A slice ends with its segment: where the next one has more, waiting brings nothing to this one.
            if (slice.Error != ErrorCode.None || slice.HasMore)
                return true;
            available += slice.Available;
        }

        return available >= minBytes;
    }

    private static async ValueTask<LogSlice[]> WaitAsync(
        Call call, List<Wanted> wanted, LogSlice[] slices, bool committedOnly, int minBytes, TimeSpan maxWait)
    {
        var time = call.Broker.Options.Time;
        var start = time.GetTimestamp();
        var logs = wanted.Select(w => w.Log).OfType<PartitionLog>().Distinct().ToList();
        while (!IsEnough(slices, minBytes) && maxWait - time.GetElapsedTime(start) is var left && left > TimeSpan.Zero)
        {
            var waiter = new AppendWaiter(minBytes - slices.Sum(s => s.Available));
            foreach (var log in logs)
                log.Watch(waiter);
            try
            {
                // Looked at once more after the watch began, so that nothing falls between the two.
                slices = Plan(wanted, committedOnly);
                if (IsEnough(slices, minBytes))
                    return slices;
                await waiter.Enough.WaitAsync(left, time, call.Aborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                call.Aborted.ThrowIfCancellationRequested();
            }
            finally
            {
                foreach (var log in logs)
                    log.Unwatch(waiter);
            }

            slices = Plan(wanted, committedOnly);
        }

        return slices;
    }

    private static void Write(Call call, List<Wanted> wanted, LogSlice[] slices, bool committedOnly, int maxBytes)
    {
        var (response, version) = (call.Response, call.Version);
        response.Int32(0);
        if (version >= 7)
        {
            response.Error(ErrorCode.None);
            response.Int32(0);
        }

        var byTopic = wanted.Select((want, i) => (want, i)).GroupBy(w => w.want.Topic).ToList();
        var left = maxBytes;
        var any = false;
        response.Array(byTopic, (w, topic) =>
        {
            if (version >= 13)
                w.Uuid(topic.Key.Id);
            else
                w.String(topic.Key.Name);
            w.Array(topic.ToList(), (writer, entry) =>
            {
                var size = WritePartition(writer, version, entry.want, slices[entry.i], committedOnly, left, mayExceed: !any);
                left = Math.Max(0, left - size);
                any |= size > 0;
            });
            w.Tags();
        });
        response.Tags();
    }

    /// <param name="mayExceed">The first batch of an answer is sent even where it is larger than what was asked for.</param>
    private static int WritePartition(
        ResponseWriter w, short version, in Wanted want, LogSlice slice, bool committedOnly, int left, bool mayExceed)
    {
        var start = w.Length;
        while (true)
        {
            var atMost = (int)Math.Min(Math.Min(want.MaxBytes, left), slice.Available);
            w.Int32(want.Partition);
            w.Error(slice.Error);
            w.Int64(slice.HighWatermark);
            w.Int64(slice.LastStableOffset);
            if (version >= 5)
                w.Int64(slice.LogStartOffset);
            var aborted = committedOnly && slice.Segment is not null ? want.Log!.AbortedIn(slice, want.Offset, Math.Max(atMost, 1)) : [];
            w.Array(aborted, static (writer, transaction) =>
            {
                writer.Int64(transaction.ProducerId);
                writer.Int64(transaction.FirstOffset);
                writer.Tags();
            });
            if (version >= 11)
                w.Int32(-1);

            var size = 0;
            try
            {
                size = WriteRecords(w, want, slice, atMost, mayExceed);
            }
            catch (ObjectDisposedException)
            {
                w.Truncate(start);
                slice = PlanOne(want.Log!, want.Offset, committedOnly);
                continue;
            }

            w.Tags();
            return size;
        }
    }

    private static int WriteRecords(ResponseWriter w, in Wanted want, LogSlice slice, int atMost, bool mayExceed)
    {
        if (slice.Segment is null || (atMost == 0 && !mayExceed))
        {
            w.Bytes([]);
            return 0;
        }

        var segment = slice.Segment;
        var size = want.Log!.Measure(slice, atMost, mayExceed);
        if (size > MaxCopied || w.Offer(size) < size)
            w.Bytes(new LogRange(segment, slice.Position, size));
        else if (segment.Read(w.Bytes(size), slice.Position) < size)
            throw new IOException($"{segment.Path} ends before byte {slice.Position + size}.");
        return size;
    }
}
