using System.Threading.Channels;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// Reads the past of partitions for models that are to take over, beside the scoring. A promotion concerns many partitions at once: whatever
/// is asked for while it reads is read together next. What nobody wants any more is not read on.
/// </summary>
internal sealed class WarmUpReader(IOptions<KafkaOptions> kafka, IOptions<ScoringOptions> options, IOptions<ModelOptions> models, ILogger<WarmUpReader> logger) : BackgroundService
{
    private readonly Channel<WarmUpRequest> _requests = Channel.CreateUnbounded<WarmUpRequest>();
    private readonly string _telemetry = options.Value.Topics.Telemetry;
    private readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = options.Value.Parallelism > 0 ? options.Value.Parallelism : Environment.ProcessorCount };

    /// <summary>How far back a model reads.</summary>
    public TimeSpan Back => models.Value.WarmUp;

    /// <summary>Whether a profile's first model scores what came before it.</summary>
    public bool Rewinds => models.Value.Rewind;

    /// <summary>What was asked for and is not begun.</summary>
    internal ChannelReader<WarmUpRequest> Requests => _requests.Reader;

    /// <summary>Gives a model its partition's records from a time on, and says in it where that begins: with the minute of that time.</summary>
    public Task BeginAsync(WarmUp warmUp, DateTimeOffset from, long until) => AddAsync(new(warmUp, from, 0, until));

    /// <summary>Gives a model that scores what came before it the first of that which is still there.</summary>
    /// <param name="from">The first batch that is not scored.</param>
    /// <param name="until">The first offset after all of it.</param>
    /// <param name="most">So many offsets of which it says something; what was said before a restart is not said again, and so need not be read in pieces.</param>
    public Task RewindAsync(WarmUp warmUp, long from, long until, long most) => AddAsync(new(warmUp, DateTimeOffset.UnixEpoch, from, until, most));

    /// <summary>Gives a model what comes after what it has read; all of it, or so many offsets.</summary>
    public Task ContinueAsync(WarmUp warmUp, long until, long most = long.MaxValue) =>
        warmUp.ReadTo >= until ? Task.CompletedTask : AddAsync(new(warmUp, null, warmUp.ReadTo, until, most));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var waiting = new List<WarmUpRequest>();
        try
        {
            while (true)
            {
                if (waiting.Count == 0) waiting.Add(await _requests.Reader.ReadAsync(stoppingToken));
                while (_requests.Reader.TryRead(out var another)) waiting.Add(another);
                waiting.RemoveAll(GivenUp);
                var now = waiting.DistinctBy(request => request.Partition).ToList(); // a partition is read once at a time
                waiting.RemoveAll(now.Contains);
                await ReadAsync(now, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the scorer stops: whoever goes on begins anew
        }
    }

    private static bool GivenUp(WarmUpRequest request)
    {
        if (!request.WarmUp.Dropped.IsCancellationRequested) return false;
        request.GiveUp();
        return true;
    }

    private Task AddAsync(WarmUpRequest request)
    {
        _requests.Writer.TryWrite(request);
        return request.Done;
    }

    private async Task ReadAsync(List<WarmUpRequest> requests, CancellationToken stopping)
    {
        try
        {
            var reader = new LogReader(kafka.Value, "scoring-service-warm-up", logger);
            await FindStartsAsync(reader, requests, stopping);
            for (requests.RemoveAll(GivenUp); requests.Count > 0; requests.RemoveAll(GivenUp))
            {
                try
                {
                    await ReadAsync(reader, requests, stopping);
                    foreach (var request in requests) request.Complete(); // what is last in a stretch may be no record
                    return;
                }
                catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
                {
                    // one of them is not wanted any more: the others are read on
                }
            }
        }
#pragma warning disable CA1031 // Whoever asked is told, and asks again.
        catch (Exception e) when (!stopping.IsCancellationRequested)
#pragma warning restore CA1031
        {
            foreach (var request in requests) request.Fail(e);
        }
    }

    private async Task ReadAsync(LogReader reader, List<WarmUpRequest> requests, CancellationToken stopping)
    {
        using var unwanted = CancellationTokenSource.CreateLinkedTokenSource([stopping, .. requests.Select(request => request.WarmUp.Dropped)]);
        var byPartition = requests.ToDictionary(request => request.Partition);
        var ranges = requests.ConvertAll(request => new LogRange(new TopicPartition(_telemetry, request.Partition), request.Next, request.Until));
        await reader.ReadAsync(ranges, (records, _) =>
        {
            Parallel.ForEach(records.GroupBy(record => record.Partition.Value), _parallel, group => byPartition[group.Key].Take(group));
            return ValueTask.CompletedTask;
        }, unwanted.Token);
    }

    /// <summary>Each begins where its own time does. Most partitions have the same minute, so that is asked for once for all of them.</summary>
    private async Task FindStartsAsync(LogReader reader, List<WarmUpRequest> requests, CancellationToken stopping)
    {
        foreach (var minute in requests.Where(request => request.Time is not null).GroupBy(request => request.Time!.Value.Ticks / TimeSpan.TicksPerMinute))
        {
            var time = new DateTimeOffset(Math.Max(DateTimeOffset.UnixEpoch.Ticks, minute.Key * TimeSpan.TicksPerMinute), TimeSpan.Zero);
            var starts = (await reader.FindAsync(_telemetry, LogStart.At(time), stopping)).ToDictionary(range => range.Partition.Partition.Value, range => range.From);
            foreach (var request in minute) request.StartAt(starts.GetValueOrDefault(request.Partition));
        }
    }
}
