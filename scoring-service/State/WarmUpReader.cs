using System.Threading.Channels;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ScoringService;

/// <summary>
/// Reads the past of partitions for models that are to take over, beside the scoring. A promotion concerns many partitions at once: whatever
/// is asked for while it reads is read together next.
/// </summary>
internal sealed class WarmUpReader(IOptions<KafkaOptions> kafka, IOptions<ScoringOptions> options, IOptions<ModelOptions> models, ILogger<WarmUpReader> logger) : BackgroundService
{
    private readonly Channel<Request> _requests = Channel.CreateUnbounded<Request>();
    private readonly string _telemetry = options.Value.Topics.Telemetry;
    private readonly ParallelOptions _parallel = new() { MaxDegreeOfParallelism = options.Value.Parallelism > 0 ? options.Value.Parallelism : Environment.ProcessorCount };

    /// <summary>How far back a model reads.</summary>
    public TimeSpan Back => models.Value.WarmUp;

    /// <summary>Gives a model its partition's records from a time on, and says in it where that begins.</summary>
    public Task BeginAsync(WarmUp warmUp, DateTimeOffset from, long until) => AddAsync(new(warmUp, from, 0, until));

    /// <summary>Gives a model what came since.</summary>
    public Task ContinueAsync(WarmUp warmUp, long from, long until) =>
        from >= until ? Task.CompletedTask : AddAsync(new(warmUp, null, from, until));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var waiting = new List<Request>();
        try
        {
            while (true)
            {
                if (waiting.Count == 0) waiting.Add(await _requests.Reader.ReadAsync(stoppingToken));
                while (_requests.Reader.TryRead(out var another)) waiting.Add(another);
                var now = waiting.DistinctBy(request => request.WarmUp.Partition).ToList(); // a partition is read once at a time
                waiting.RemoveAll(now.Contains);
                await ReadAsync([.. now.Where(request => !request.WarmUp.Dropped)], stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the scorer stops: whoever goes on begins anew
        }
    }

    private Task AddAsync(Request request)
    {
        _requests.Writer.TryWrite(request);
        return request.Done.Task;
    }

    private async Task ReadAsync(List<Request> requests, CancellationToken stopping)
    {
        try
        {
            var reader = new LogReader(kafka.Value, "scoring-service-warm-up", logger);
            var starts = new Dictionary<int, long>();
            if (requests.Min(request => request.Time) is { } earliest)
                starts = (await reader.FindAsync(_telemetry, LogStart.At(earliest), stopping)).ToDictionary(range => range.Partition.Partition.Value, range => range.From);
            foreach (var request in requests)
            {
                if (request.Time is null) continue;
                request.From = request.WarmUp.From = Math.Min(request.Until, starts.GetValueOrDefault(request.WarmUp.Partition));
            }

            var byPartition = requests.ToDictionary(request => request.WarmUp.Partition);
            var ranges = requests.Select(request => new LogRange(new TopicPartition(_telemetry, request.WarmUp.Partition), request.From, request.Until)).ToList();
            await reader.ReadAsync(ranges, (records, _) =>
            {
                Parallel.ForEach(records.GroupBy(record => record.Partition.Value), _parallel, group => byPartition[group.Key].Take(group));
                return ValueTask.CompletedTask;
            }, stopping);
            foreach (var request in requests) request.Done.TrySetResult();
        }
#pragma warning disable CA1031 // Whoever asked is told, and asks again.
        catch (Exception e) when (!stopping.IsCancellationRequested)
#pragma warning restore CA1031
        {
            foreach (var request in requests) request.Done.TrySetException(e);
        }
    }

    /// <param name="Time">Where to begin; null: at <see cref="From"/>.</param>
    private sealed record Request(WarmUp WarmUp, DateTimeOffset? Time, long Start, long Until)
    {
        private readonly TelemetryDecoder _decoder = new();
        private readonly TelemetryBatch _buffer = new();

        public long From { get; set; } = Start;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Take(IEnumerable<ConsumeResult<byte[], byte[]>> records)
        {
            if (WarmUp.Dropped) return;
            foreach (var record in records)
            {
                if (TelemetryRecord.Read(record, _decoder, _buffer).Batch is { } batch) WarmUp.Take(batch, record.Offset);
            }
        }
    }
}
