using System.Security.Cryptography;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.TrainingJob.Log;

/// <summary>Reads a range of event time from the telemetry on the log into a training set, and keeps account of what it was.</summary>
/// <param name="kafka">The log.</param>
/// <param name="logger">Hears of trouble with it.</param>
internal sealed class TelemetryRange(KafkaOptions kafka, ILogger logger)
{
    private readonly SortedDictionary<int, (LogRange Range, IncrementalHash Hash)> _partitions = [];

    /// <summary>Records that are no telemetry.</summary>
    public long Unreadable { get; private set; }

    /// <summary>Reads every partition from the first record of the range to the end the log has now. Records outside the range are passed over:
    /// vehicles write beside each other, so the log's order is not that of event time.</summary>
    /// <param name="set">Takes the batches of its profile.</param>
    /// <param name="from">First event time.</param>
    /// <param name="to">First event time after the range.</param>
    /// <param name="progress">Told the share that has been read.</param>
    /// <param name="cancel">Stops reading.</param>
    public async Task ReadAsync(TrainingSet set, DateTimeOffset from, DateTimeOffset to, IProgress<double> progress, CancellationToken cancel)
    {
        var reader = new LogReader(kafka, "training-job", logger);
        var ranges = await reader.FindAsync(TopicCatalogue.Telemetry.Name, LogStart.At(from), cancel);
        foreach (var range in ranges) _partitions.Add(range.Partition.Partition.Value, (range, IncrementalHash.CreateHash(HashAlgorithmName.SHA256)));

        long fromMs = from.ToUnixTimeMilliseconds(), toMs = to.ToUnixTimeMilliseconds(), read = 0;
        var total = Math.Max(1, ranges.Sum(range => range.Length));
        await reader.ReadAsync(ranges, (records, _) =>
        {
            foreach (var record in records) Take(set, record, fromMs, toMs);
            read += records.Count;
            progress.Report(Math.Min(1, read / (double)total));
            return ValueTask.CompletedTask;
        }, cancel);
        progress.Report(1);
    }

    /// <summary>What was read, for the model's lineage.</summary>
    public void Describe(Lineage lineage)
    {
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        lineage.Source = TopicCatalogue.Telemetry.Name;
        foreach (var (partition, (range, hash)) in _partitions)
        {
            lineage.Offsets.Add(new OffsetRange { Partition = partition, From = range.From, To = range.To });
            whole.AppendData(BitConverter.GetBytes(partition));
            whole.AppendData(hash.GetCurrentHash());
        }
        lineage.DataFingerprint = Convert.ToHexStringLower(whole.GetCurrentHash());
    }

    private void Take(TrainingSet set, ConsumeResult<byte[], byte[]> record, long fromMs, long toMs)
    {
        var value = record.Message.Value ?? [];
        TelemetryBatch batch;
        try
        {
            batch = TelemetryBatch.Parser.ParseFrom(value);
        }
        catch (InvalidProtocolBufferException)
        {
            Unreadable++;
            return;
        }
        if (batch.StartTimeMs < fromMs || batch.StartTimeMs >= toMs || !set.Add(batch)) return;
        _partitions[record.Partition.Value].Hash.AppendData(value);
    }
}
