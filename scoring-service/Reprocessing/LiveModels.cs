using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;

namespace Kappa.Iot.ScoringService;

/// <summary>Finds out from the live scores which model scored which stretch of the telemetry: each score names its model and its offset.</summary>
internal sealed class LiveModels(KafkaOptions kafka, ILogger logger)
{
    /// <summary>The models of each partition, by rising offset. What has no score was a duplicate, late, or came before its profile's first model.</summary>
    /// <param name="scores">The topic of the live scores.</param>
    /// <param name="telemetry">What was scored.</param>
    /// <param name="start">Event time at which that begins.</param>
    /// <param name="progress">Told the share that has been read.</param>
    public async Task<Dictionary<int, LiveSpans>> FindAsync(
        string scores, IReadOnlyDictionary<int, OffsetRange> telemetry, DateTimeOffset start, IProgress<double> progress, CancellationToken cancel)
    {
        var found = telemetry.ToDictionary(range => range.Key, range => new LiveSpans(range.Value));
        var reader = new LogReader(kafka, "reprocess-models", logger);
        var ranges = await reader.FindAsync(scores, LogStart.At(start), cancel);
        long read = 0, total = Math.Max(1, ranges.Sum(range => range.Length));
        await reader.ReadAsync(ranges, (records, _) =>
        {
            foreach (var record in records)
            {
                if (record.Message.Value is { } value && found.TryGetValue(record.Partition.Value, out var spans)) spans.Take(Parse(value, record.TopicPartitionOffset.ToString()));
            }

            progress.Report(Math.Min(1, (read += records.Count) / (double)total));
            return ValueTask.CompletedTask;
        }, cancel);
        progress.Report(1);
        foreach (var spans in found.Values) spans.End();
        return found;
    }

    private static Score Parse(byte[] value, string position)
    {
        try
        {
            return Score.Parser.ParseFrom(value);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new InvalidDataException($"The record {position} is no score: {e.Message}", e);
        }
    }
}
