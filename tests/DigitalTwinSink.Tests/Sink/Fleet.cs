using System.Collections.Concurrent;
using Kappa.Iot.Contracts;
using Kappa.Iot.Twins;

namespace Kappa.Iot.DigitalTwinSink.Tests;

/// <summary>Some vehicles of one test: writes what they say to the log and remembers what their twins must then be.</summary>
internal sealed class Fleet(LogFixture log, string name, int vehicles)
{
    private readonly ConcurrentQueue<TwinUpdate> _written = new();

    public IReadOnlyList<string> Vins { get; } = [.. Enumerable.Range(0, vehicles).Select(i => $"{name}-{i:D3}")];

    /// <summary>Each vehicle comes online and sends batches with these sequences; some have alerts, some send a batch twice or late, some leave at the end.</summary>
    public Task DriveAsync(int from, int count) => Task.WhenAll(Vins.Select(async (vin, vehicle) =>
    {
        await NoteAsync(log.WriteAsync(Presence(vin, from, online: true)));
        for (var sequence = from; sequence < from + count; sequence++)
        {
            await NoteAsync(log.WriteAsync(Batch(vin, sequence, vehicle)));
            if (sequence % 5 == 0) await NoteAsync(log.WriteAsync(Batch(vin, sequence - vehicle % 3, vehicle)));
            if ((sequence + vehicle) % 7 == 0) await NoteAsync(log.WriteAsync(Alert(vin, vehicle, sequence, active: true)));
            if ((sequence + vehicle) % 11 == 0) await NoteAsync(log.WriteAsync(Alert(vin, vehicle, sequence, active: false)));
        }

        if (vehicle % 2 == 0) await NoteAsync(log.WriteAsync(Presence(vin, from, online: false)));
    }));

    /// <summary>Waits until the store has the twins that it should have: those that one update after the other makes in a store of its own.</summary>
    public async Task AssertTwinsAsync(string address, string scratch)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var reference = TwinStore.Open($"sqlite:{Path.Combine(scratch, Guid.NewGuid().ToString("N"))}");
        await reference.InitializeAsync(cancel);
        foreach (var part in _written.Chunk(13)) await reference.ApplyAsync(part, cancel);
        await using var store = TwinStore.Open(address);
        await store.InitializeAsync(cancel);

        foreach (var vin in Vins)
        {
            var expected = Show(await reference.FindAsync(vin, cancel));
            await Until.TrueAsync(async () => Show(await store.FindAsync(vin, cancel)) == expected,
                async () => $"The twin should be\n{expected}\nbut is\n{Show(await store.FindAsync(vin, cancel))}");
        }
    }

    private static string Show(Twin? twin) => System.Text.Json.JsonSerializer.Serialize(twin is null ? null : twin with
    {
        Reported = twin.Reported is not { } reported ? null : reported with
        {
            Signals = new SortedDictionary<string, double>(reported.Signals.ToDictionary()),
            SignalTimes = new SortedDictionary<string, DateTimeOffset>(reported.SignalTimes.ToDictionary()),
        },
    });

    private async Task NoteAsync(Task<TwinUpdate> written) => _written.Enqueue(await written);

    private static TelemetryBatch Batch(string vin, int sequence, int vehicle) => new()
    {
        Vin = vin,
        Profile = "combustion",
        BootId = 1,
        Sequence = (ulong)sequence,
        StartTimeMs = 1_700_000_000_000 + sequence * 10_000L,
        SampleIntervalMs = 1_000,
        Columns =
        {
            new SignalColumn { Signal = 2, Values = { sequence, sequence + 0.5f } },
            // Not every batch has this one.
            new SignalColumn { Signal = 5, Values = { sequence % 3 == 0 ? 80 + vehicle : float.NaN } },
        },
    };

    private static Presence Presence(string vin, int epoch, bool online) => new()
    {
        Vin = vin,
        Online = online,
        SessionEpoch = (ulong)epoch,
        ChangedAtMs = 1_700_000_000_000,
        Reason = online ? PresenceReason.Connected : PresenceReason.ConnectionLost,
    };

    private static Alert Alert(string vin, int vehicle, int sequence, bool active) => new()
    {
        Vin = vin,
        AlertId = $"{vin}/{sequence}",
        Type = (AlertType)(1 + (vehicle + sequence) % 3),
        Status = active ? AlertStatus.Active : AlertStatus.Cleared,
        Severity = Severity.Major,
        Score = 0.75f,
        ModelId = "m",
        RaisedAtMs = 1_700_000_000_000,
        LastSeenMs = 1_700_000_000_000 + sequence,
    };
}
