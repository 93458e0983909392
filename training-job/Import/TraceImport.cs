using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.TrainingJob.Import;

/// <summary>
/// Writes recorded traces to the log with their own event times, batched as <c>simulator replay</c> batches them: a trip's boot id is the
/// time of its first sample, so the same trace gives the same batches, and the log is asked first which of them it has.
/// </summary>
/// <param name="kafka">The log.</param>
/// <param name="logger">Hears of trouble with it.</param>
internal sealed class TraceImport(KafkaOptions kafka, ILogger logger)
{
    /// <summary>What the traces hold and what of it the log has.</summary>
    public TraceSurvey Survey { get; } = new();

    /// <summary>Looks through the traces, then through the log from their first event time on.</summary>
    /// <exception cref="TraceFormatException">A trace cannot be read; nothing has been written.</exception>
    public async Task SurveyAsync(IReadOnlyList<string> files, TraceOptions options, IProgress<double> reading, IProgress<double> comparing, CancellationToken cancel)
    {
        for (var i = 0; i < files.Count; i++)
        {
            foreach (var batch in Batches(files[i], options, cancel)) Survey.Add(batch, files[i]);
            reading.Report((i + 1.0) / files.Count);
        }
        if (Survey.Batches == 0) throw new CommandException("The traces have no samples.");

        var reader = new LogReader(kafka, "training-job-import", logger);
        var ranges = await reader.FindAsync(TopicCatalogue.Telemetry.Name, LogStart.At(DateTimeOffset.FromUnixTimeMilliseconds(Survey.FirstMs)), cancel);
        long read = 0, total = Math.Max(1, ranges.Sum(range => range.Length));
        await reader.ReadAsync(ranges, (records, _) =>
        {
            foreach (var record in records)
            {
                if (Parse(record.Message.Value) is { } batch) Survey.See(batch);
            }
            read += records.Count;
            comparing.Report(Math.Min(1, read / (double)total));
            return ValueTask.CompletedTask;
        }, cancel);
        comparing.Report(1);
    }

    /// <summary>Writes what the log does not have.</summary>
    /// <returns>Batches written.</returns>
    /// <exception cref="CommandException">The log refused; what it has taken stays, and the same import goes on from there.</exception>
    public async Task<long> WriteAsync(IReadOnlyList<string> files, TraceOptions options, IProgress<double> progress, CancellationToken cancel)
    {
        using var producer = new TelemetryProducer(kafka);
        for (var i = 0; i < files.Count; i++)
        {
            foreach (var batch in Batches(files[i], options, cancel))
            {
                if (!Survey.IsPresent(batch)) await producer.WriteAsync(batch, cancel);
            }
            progress.Report((i + 1.0) / files.Count);
        }
        await producer.FlushAsync(cancel);
        return producer.Stored;
    }

    private static IEnumerable<TelemetryBatch> Batches(string file, TraceOptions options, CancellationToken cancel)
    {
        using var reader = TraceReader.Open(file, options);
        foreach (var batch in reader.ReadBatches())
        {
            cancel.ThrowIfCancellationRequested();
            yield return batch;
        }
    }

    /// <summary>Null for what is no telemetry: it is nobody's duplicate.</summary>
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
