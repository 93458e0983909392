using System.Buffers.Binary;
using System.Security.Cryptography;
using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Import;

/// <summary>What recorded traces hold, and what of it the log has already. Memory: nine bytes a batch.</summary>
internal sealed class TraceSurvey
{
    private readonly Dictionary<(string Vin, ulong Boot), Trip> _trips = [];

    public long Batches { get; private set; }

    /// <summary>Event time of the first sample of all, and of the last batch, Unix milliseconds.</summary>
    public long FirstMs { get; private set; } = long.MaxValue;

    public long LastMs { get; private set; } = long.MinValue;

    /// <summary>Batches that are on the log.</summary>
    public long Present { get; private set; }

    /// <summary>Batches whose vehicle, boot and sequence are on the log with other content.</summary>
    public long Different { get; private set; }

    public int Vehicles => _trips.Keys.Select(trip => trip.Vin).Distinct(StringComparer.Ordinal).Count();

    /// <summary>Takes a batch of a trace.</summary>
    /// <exception cref="CommandException">Another file has the same vehicle with a trip that starts at the same time.</exception>
    public void Add(TelemetryBatch batch, string file)
    {
        if (!_trips.TryGetValue((batch.Vin, batch.BootId), out var trip)) _trips.Add((batch.Vin, batch.BootId), trip = new Trip(file));
        if (trip.File != file)
            throw new CommandException($"{trip.File} and {file} both have a trip of vehicle '{batch.Vin}' that starts at {DateTimeOffset.FromUnixTimeMilliseconds((long)batch.BootId):u}. Import one of them, or give them vehicles of their own.");
        trip.Content.Add(ContentOf(batch));
        trip.Found.Add(false);
        Batches++;
        FirstMs = Math.Min(FirstMs, batch.StartTimeMs);
        LastMs = Math.Max(LastMs, batch.StartTimeMs);
    }

    /// <summary>Takes note of a batch that is on the log.</summary>
    public void See(TelemetryBatch batch)
    {
        if (!_trips.TryGetValue((batch.Vin, batch.BootId), out var trip) || batch.Sequence == 0 || batch.Sequence > (ulong)trip.Found.Count) return;
        var index = (int)batch.Sequence - 1;
        if (trip.Content[index] != ContentOf(batch)) Different++;
        else if (!trip.Found[index]) Present++;
        trip.Found[index] = true;
    }

    /// <summary>Whether the log has a batch of the traces.</summary>
    public bool IsPresent(TelemetryBatch batch) => _trips[(batch.Vin, batch.BootId)].Found[(int)batch.Sequence - 1];

    private static ulong ContentOf(TelemetryBatch batch) => BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(batch.ToByteArray()));

    /// <summary>One vehicle's part of one file; sequences rise by one from 1, so they are places in the lists.</summary>
    private sealed record Trip(string File)
    {
        public List<ulong> Content { get; } = [];

        public List<bool> Found { get; } = [];
    }
}
