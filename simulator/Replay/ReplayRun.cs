using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Fleet;
using Kappa.Iot.Simulator.Publishing;

namespace Kappa.Iot.Simulator.Replay;

/// <summary>Sends recorded traces as if their vehicles were on the road: each vehicle is its own MQTT client.</summary>
public sealed class ReplayRun : IAsyncDisposable
{
    private readonly ReplayOptions _options;
    private readonly TimeProvider _time;
    private readonly VehicleLines _lines;
    private readonly IReadOnlyList<string> _files;
    private readonly long _totalBytes;
    private long _doneBytes;
    private int _filesDone;
    private volatile bool _draining;

    /// <summary>Finds the traces and checks their headers.</summary>
    /// <exception cref="TraceFormatException">A header is wrong.</exception>
    /// <exception cref="FileNotFoundException">There is no trace at the path.</exception>
    public ReplayRun(ReplayOptions options, BrokerOptions broker, TimeProvider time)
    {
        _options = options;
        _time = time;
        _lines = new VehicleLines(broker, Counters, time);
        _files = TraceFiles.Find(options.Path, out var skipped);
        var notes = skipped.Select(f => $"{f}: skipped, it has neither times nor signals").ToList();
        var unknown = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var file in _files)
        {
            using var reader = TraceReader.Open(file, TraceOptions);
            unknown.UnionWith(reader.UnknownColumns);
            _totalBytes += reader.TotalBytes;
        }

        if (unknown.Count > 0) notes.Add($"left out, not in the signal catalogue: {string.Join(", ", unknown)}");
        Notes = notes;
    }

    public DeliveryCounters Counters { get; } = new();

    /// <summary>What of the input is not used, for people.</summary>
    public IReadOnlyList<string> Notes { get; }

    public ReplayStatus Status => new(
        _draining ? "draining" : "replay", _totalBytes == 0 ? 1 : Math.Round(Math.Min(1, (double)Interlocked.Read(ref _doneBytes) / _totalBytes), 4),
        _files.Count, Volatile.Read(ref _filesDone), _lines.Vehicles, Counters.Connected, Counters.Published, Counters.Acknowledged,
        Counters.Published - Counters.Acknowledged - Counters.Refused, Counters.Refused, Counters.Resent)
    {
        Trouble = Counters.LastTrouble,
    };

    public FinalSummary Summary => new(_lines.Vehicles, Counters.Published, Counters.Acknowledged, 0, Counters.Refused, Counters.Resent);

    private TraceOptions TraceOptions => new() { Profile = _options.Profile };

    /// <summary>Replays everything, or what there is time for until <paramref name="stop"/>.</summary>
    /// <returns>True if everything that was sent was acknowledged.</returns>
    /// <exception cref="TraceFormatException">A line cannot be read. What came before it has been sent.</exception>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        // A stop lets what was sent be acknowledged, but not for ever.
        using var patience = new CancellationTokenSource();
        await using var hurry = stop.Register(() =>
        {
            _draining = true;
            patience.CancelAfter(_options.DrainTimeout);
        });
        try
        {
            await Parallel.ForEachAsync(_files, new ParallelOptions { MaxDegreeOfParallelism = _options.Parallel, CancellationToken = stop },
                async (file, cancel) => await ReplayAsync(file, cancel, patience.Token));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped by hand: the summary tells how far it came.
        }

        return Counters.Published == Counters.Acknowledged;
    }

    public ValueTask DisposeAsync() => _lines.DisposeAsync();

    private async Task ReplayAsync(string file, CancellationToken stop, CancellationToken patience)
    {
        using var reader = TraceReader.Open(file, TraceOptions);
        var links = new Dictionary<string, VehicleLink>(StringComparer.Ordinal);
        try
        {
            await SendAsync(reader, links, stop);
            Interlocked.Increment(ref _filesDone);
        }
        finally
        {
            await DrainAsync(links, patience);
        }
    }

    private async Task SendAsync(TraceReader reader, Dictionary<string, VehicleLink> links, CancellationToken stop)
    {
        var began = _time.GetTimestamp();
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        long? first = null;
        long read = 0;
        foreach (var batch in reader.ReadBatches())
        {
            var traceStart = first ??= batch.StartTimeMs;
            if (_options.Speed is { } speed)
            {
                // A batch is sent when its last sample has been taken.
                var end = batch.StartTimeMs + (batch.SampleIntervalMs * (long)batch.Columns[0].Values.Count);
                var wait = TimeSpan.FromMilliseconds((end - traceStart) / speed) - _time.GetElapsedTime(began);
                if (wait > TimeSpan.Zero) await Task.Delay(wait, _time, stop);
            }

            if (_options.AsOfNow)
            {
                var shift = now - traceStart;
                batch.StartTimeMs += shift;
                batch.BootId = (ulong)((long)batch.BootId + shift);
            }

            if (!links.TryGetValue(batch.Vin, out var link)) links[batch.Vin] = link = _lines.Take(batch.Vin);
            await link.ReserveAsync(stop);
            link.Send(new Delivery(batch.Vin, batch.BootId, batch.Sequence, batch.ToByteArray()));

            var position = reader.ReadBytes;
            Interlocked.Add(ref _doneBytes, position - read);
            read = position;
        }

        Interlocked.Add(ref _doneBytes, reader.TotalBytes - read);
    }

    private async Task DrainAsync(Dictionary<string, VehicleLink> links, CancellationToken patience)
    {
        try
        {
            await Task.WhenAll(links.Values.Select(l => l.DrainAsync(patience)));
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            // The summary tells what is missing.
        }

        await Task.WhenAll(links.Keys.Select(_lines.ReturnAsync));
    }
}
