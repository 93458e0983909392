using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Log;

/// <summary>Reads a range of event time from the telemetry on the log, and keeps account of what it was.</summary>
/// <param name="kafka">The log.</param>
/// <param name="screen">Hears of records that are no telemetry.</param>
internal sealed class TelemetryRange(KafkaOptions kafka, Screen screen)
{
    private IReadOnlyList<LogRange> _ranges = [];

    /// <summary>Records that were looked at.</summary>
    public long Read { get; private set; }

    /// <summary>Batches whose event time is not in the range.</summary>
    public long OutOfRange { get; private set; }

    /// <summary>Reads every partition from the first record of the range to the end the log has now. Records outside the range are passed over:
    /// vehicles write beside each other, so the log's order is not that of event time.</summary>
    /// <param name="take">Told every batch of the range, its partition and offset; a vehicle's batches in their order.</param>
    /// <param name="from">First event time.</param>
    /// <param name="to">First event time after the range.</param>
    /// <param name="progress">Told the share that has been read.</param>
    /// <param name="cancel">Stops reading.</param>
    public async Task ReadAsync(Func<TelemetryBatch, int, long, ValueTask> take, DateTimeOffset from, DateTimeOffset to, IProgress<double> progress, CancellationToken cancel)
    {
        var reader = new LogReader(kafka, "training-job", NullLogger.Instance);
        _ranges = await reader.FindAsync(TopicCatalogue.Telemetry.Name, LogStart.At(from), cancel);
        long fromMs = from.ToUnixTimeMilliseconds(), toMs = to.ToUnixTimeMilliseconds();
        var (total, unreadable) = (Math.Max(1, _ranges.Sum(range => range.Length)), 0L);
        await reader.ReadAsync(_ranges, async (records, _) =>
        {
            foreach (var record in records)
            {
                if (Parse(record.Message.Value) is not { } batch) unreadable++;
                else if (batch.StartTimeMs < fromMs || batch.StartTimeMs >= toMs) OutOfRange++;
                else await take(batch, record.Partition.Value, record.Offset.Value);
            }
            Read += records.Count;
            progress.Report(Math.Min(1, Read / (double)total));
        }, cancel);
        progress.Report(1);
        if (unreadable > 0) screen.Say($"{unreadable} records of the range are no telemetry and were passed over.");
    }

    /// <summary>Reads the range into a training set.</summary>
    /// <param name="set">Takes the batches of its profile.</param>
    /// <param name="from">First event time.</param>
    /// <param name="to">First event time after the range.</param>
    /// <param name="progress">Told the share that has been read.</param>
    /// <param name="cancel">Stops reading.</param>
    /// <param name="exclusions">Vehicles that are passed over.</param>
    public Task ReadAsync(TrainingSet set, DateTimeOffset from, DateTimeOffset to, IProgress<double> progress, CancellationToken cancel, Exclusions? exclusions = null) =>
        ReadAsync((batch, _, _) =>
        {
            if (batch.Profile != set.Profile || exclusions?.Drop(batch) != true) set.Add(batch);
            return ValueTask.CompletedTask;
        }, from, to, progress, cancel);

    /// <summary>What was read, for the model's lineage.</summary>
    public void Describe(Lineage lineage)
    {
        lineage.Source = TopicCatalogue.Telemetry.Name;
        foreach (var range in _ranges.OrderBy(range => range.Partition.Partition.Value))
            lineage.Offsets.Add(new OffsetRange { Partition = range.Partition.Partition.Value, From = range.From, To = range.To });
    }

    private static TelemetryBatch? Parse(byte[]? value)
    {
        try
        {
            return TelemetryBatch.Parser.ParseFrom(value ?? []);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }
}
