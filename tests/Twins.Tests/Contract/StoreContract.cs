using Confluent.Kafka;
using FsCheck;
using FsCheck.Fluent;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Twins.Tests;

/// <summary>What every twin store must do.</summary>
public abstract class StoreContract(StoreFixture stores)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Find_UnknownVehicle_GivesNull()
    {
        var store = await stores.EmptyAsync();
        Assert.Null(await store.FindAsync("V1", Cancel));
        Assert.Null(await store.FindAsync("progress/telemetry/0", Cancel));
        Assert.Empty(await store.ListAsync(new TwinQuery(), Cancel));
    }

    [Fact]
    public async Task A_twin_shows_all_that_was_said_of_a_vehicle()
    {
        var store = await stores.EmptyAsync();
        var write = await store.ApplyAsync(
        [
            Records.Telemetry("V1", 10, 7, boot: 2, signals: [(Records.Speed, [50, 51, 52.5f]), (Records.Latitude, [48.25f]), (Records.Longitude, [-11.5f])]),
            Records.Presence("V1", 4, epoch: 9, online: true),
            Records.Alert("V1", 2, AlertType.Tyres, active: true),
            Records.Alert("V1", 3, AlertType.Cooling, active: true),
            Records.Alert("V1", 5, AlertType.Tyres, active: false),
        ], Cancel);
        Assert.Equal((5, 1, 0, 0), (write.Updates, write.Vehicles, write.Stale, write.Lost.Count));

        var twin = await store.FindAsync("V1", Cancel);
        Assert.Equal(("V1", "combustion"), (twin!.Vin, twin.Profile));
        var reported = twin.Reported!;
        Assert.Equal((2UL, 7UL, 3, 10L), (reported.BootId, reported.Sequence, reported.Partition, reported.Offset));
        Assert.Equal(1_700_002_072_000, reported.Time.ToUnixTimeMilliseconds());
        Assert.Equal(1_700_002_072_000, reported.SignalTimes[Records.SpeedPath].ToUnixTimeMilliseconds());
        Assert.Equal((52.5, 48.25, -11.5), (reported.Signals[Records.SpeedPath], reported.Latitude, reported.Longitude));
        Assert.Equal(3, reported.Signals.Count);
        Assert.Equal((true, 9UL, 4L, PresenceReason.Connected), (twin.Presence!.Online, twin.Presence.SessionEpoch, twin.Presence.Offset, twin.Presence.Reason));
        var alert = Assert.Single(twin.Alerts);
        Assert.Equal(("V1-Cooling-3", AlertType.Cooling, Severity.Major, 0.75, "m1"), (alert.AlertId, alert.Type, alert.Severity, alert.Score, alert.ModelId));
    }

    [Fact]
    public async Task A_signal_that_a_batch_leaves_out_keeps_its_value_and_time()
    {
        var store = await stores.EmptyAsync();
        await store.ApplyAsync([Records.Telemetry("V1", 1, 1, signals: [(Records.Speed, [40]), (Records.Coolant, [88])])], Cancel);
        await store.ApplyAsync([Records.Telemetry("V1", 2, 2, signals: [(Records.Speed, [41, float.NaN]), (Records.Coolant, [float.NaN, float.PositiveInfinity])])], Cancel);

        var reported = (await store.FindAsync("V1", Cancel))!.Reported!;
        Assert.Equal((41, 88), (reported.Signals[Records.SpeedPath], reported.Signals[Records.CoolantPath]));
        Assert.Equal(TimeSpan.FromSeconds(10), reported.SignalTimes[Records.SpeedPath] - reported.SignalTimes[Records.CoolantPath]);
    }

    [Fact]
    [Trait("Invariant", "7")]
    public async Task Late_batches_and_batches_of_an_older_boot_change_nothing()
    {
        var store = await stores.EmptyAsync();
        await store.ApplyAsync([Records.Telemetry("V1", 5, sequence: 3, boot: 20, signals: (Records.Speed, [30]))], Cancel);

        var late = await store.ApplyAsync([Records.Telemetry("V1", 6, sequence: 2, boot: 20, signals: (Records.Speed, [99]))], Cancel);
        var older = await store.ApplyAsync([Records.Telemetry("V1", 7, sequence: 1000, boot: 3, signals: (Records.Speed, [98]))], Cancel);
        Assert.Equal((1, 1), (late.Stale, older.Stale));
        Assert.Equal(30, (await store.FindAsync("V1", Cancel))!.Reported!.Signals[Records.SpeedPath]);

        await store.ApplyAsync([Records.Telemetry("V1", 8, sequence: 1, boot: 100, signals: (Records.Speed, [0]))], Cancel);
        Assert.Equal(100UL, (await store.FindAsync("V1", Cancel))!.Reported!.BootId);
    }

    [Fact]
    public async Task The_end_of_an_older_session_never_hides_a_newer_one()
    {
        var store = await stores.EmptyAsync();
        await store.ApplyAsync([Records.Presence("V1", 1, epoch: 5, online: true)], Cancel);
        await store.ApplyAsync([Records.Presence("V1", 2, epoch: 6, online: true)], Cancel);
        await store.ApplyAsync([Records.Presence("V1", 3, epoch: 5, online: false)], Cancel);
        Assert.True((await store.FindAsync("V1", Cancel))!.Presence!.Online);

        await store.ApplyAsync([Records.Presence("V1", 4, epoch: 6, online: false)], Cancel);
        Assert.False((await store.FindAsync("V1", Cancel))!.Presence!.Online);
    }

    [Fact]
    [Trait("Invariant", "2")]
    public async Task Updates_that_come_again_change_nothing()
    {
        var store = await stores.EmptyAsync();
        TwinUpdate[] updates =
        [
            Records.Telemetry("V1", 1, 1, signals: (Records.Speed, [40])), Records.Presence("V1", 1, 1, true),
            Records.Alert("V1", 1, AlertType.Tyres, true), Records.Alert("V1", 2, AlertType.Tyres, false),
        ];
        await store.ApplyAsync(updates, Cancel);
        Assert.Empty((await store.FindAsync("V1", Cancel))!.Alerts);
        foreach (var update in updates)
        {
            var write = await store.ApplyAsync([update], Cancel);
            Assert.Equal(1, write.Stale);
        }

        Assert.Empty((await store.FindAsync("V1", Cancel))!.Alerts);
    }

    [Fact]
    public async Task List_Filters_FindWhatTheySay()
    {
        var store = await stores.EmptyAsync();
        await store.ApplyAsync(
        [
            Records.Telemetry("V1", 1, 1, signals: [(Records.Latitude, [48.1f]), (Records.Longitude, [11.5f])]),
            Records.Telemetry("V2", 2, 1, profile: "electric", signals: [(Records.Latitude, [52.5f]), (Records.Longitude, [13.4f])]),
            Records.Telemetry("V3", 3, 1),
            Records.Presence("V2", 1, 1, true), Records.Presence("V3", 2, 1, false), Records.Presence("V4", 3, 1, true),
            Records.Alert("V1", 1, AlertType.Battery, true), Records.Alert("V2", 2, AlertType.Battery, true), Records.Alert("V2", 3, AlertType.Battery, false),
        ], [Position("telemetry", 0, 4)], Cancel);
        await store.StartProgressAsync([new TopicPartition("telemetry", 0)], Cancel);

        Assert.Equal("V1 V2 V3 V4", await Vins(new TwinQuery()));
        Assert.Equal("V2", await Vins(new TwinQuery { Profile = "electric" }));
        Assert.Equal("V2 V4", await Vins(new TwinQuery { Online = true }));
        Assert.Equal("V1 V3", await Vins(new TwinQuery { Online = false }));
        Assert.Equal("V1", await Vins(new TwinQuery { HasOpenAlerts = true }));
        Assert.Equal("V2 V3 V4", await Vins(new TwinQuery { HasOpenAlerts = false }));
        Assert.Equal("V1", await Vins(new TwinQuery { Within = new GeoBox(47, 10, 49, 12) }));
        Assert.Equal("", await Vins(new TwinQuery { Profile = "electric", HasOpenAlerts = true }));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => store.ListAsync(new TwinQuery { Limit = 0 }, Cancel));

        async Task<string> Vins(TwinQuery query) => string.Join(' ', (await store.ListAsync(query, Cancel)).Select(twin => twin.Vin));
    }

    [Fact]
    public async Task List_Pages_SeeEveryVehicleOnce()
    {
        var store = await stores.EmptyAsync();
        var vins = Enumerable.Range(0, 250).Select(i => $"V{i:D4}").ToList();
        await store.ApplyAsync([.. vins.Select((vin, i) => Records.Telemetry(vin, i, 1))], Cancel);

        var seen = new List<string>();
        for (IReadOnlyList<Twin> page = []; ;)
        {
            page = await store.ListAsync(new TwinQuery { After = seen.LastOrDefault(), Limit = 60 }, Cancel);
            if (page.Count == 0) break;
            seen.AddRange(page.Select(twin => twin.Vin));
        }

        Assert.Equal(vins, seen);
    }

    [Fact]
    public async Task Progress_IsKept_AndNeverGoesBack()
    {
        var store = await stores.EmptyAsync();
        TopicPartition first = new("telemetry", 0), second = new("telemetry", 1), unknown = new("telemetry", 2);
        await store.StartProgressAsync([first, second], Cancel);
        await store.ApplyAsync([], [Position("telemetry", 0, 100)], Cancel);
        await store.ApplyAsync([], [Position("telemetry", 0, 50)], Cancel);
        await store.StartProgressAsync([first], Cancel);

        var found = await store.FindProgressAsync([first, second, unknown], Cancel);
        Assert.Equal(2, found.Count);
        Assert.Equal((100, 0), (found[first], found[second]));
    }

    [Fact]
    public async Task Apply_ProgressNeverStarted_SaysThatItIsLost()
    {
        var store = await stores.EmptyAsync();
        await store.StartProgressAsync([new TopicPartition("telemetry", 0)], Cancel);
        var write = await store.ApplyAsync([Records.Telemetry("V1", 1, 1)], [Position("telemetry", 0, 2), Position("telemetry", 1, 2)], Cancel);
        Assert.Equal([new TopicPartition("telemetry", 1)], write.Lost);
        Assert.Empty(await store.FindProgressAsync([new TopicPartition("telemetry", 1)], Cancel));
    }

    [Fact]
    public async Task Two_processes_share_a_store()
    {
        var address = stores.NewAddress();
        await using var writer = TwinStore.Open(address);
        await using var reader = TwinStore.Open(address);
        await Task.WhenAll(writer.InitializeAsync(Cancel), reader.InitializeAsync(Cancel));
        for (ulong i = 1; i <= 20; i++)
        {
            await writer.ApplyAsync([Records.Telemetry("V1", (long)i, i, signals: (Records.Speed, [i]))], Cancel);
            Assert.Equal(i, (await reader.FindAsync("V1", Cancel))!.Reported!.Sequence);
        }
    }

    [Fact]
    [Trait("Invariant", "2")]
    public async Task Any_order_batching_and_repetition_of_the_log_ends_in_the_same_twins()
    {
        // One store takes all the logs, the vehicles of each under names of their own.
        var store = await stores.EmptyAsync();
        var number = 0;
        Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(PropertyTests), Prop.ForAll(Log.Any, log => EndsAsLogSays(store, log, $"L{number++}-")));
    }

    /// <summary>How often to try the property; each try is up to a hundred updates.</summary>
    protected virtual int PropertyTests => 20;

    private static bool EndsAsLogSays(ITwinStore store, Log log, string prefix)
    {
        foreach (var part in log.Delivery.Select(i => Renamed(log.Updates[i], prefix)).Chunk(log.Batch)) store.ApplyAsync(part, Cancel).GetAwaiter().GetResult();
        var updates = log.Updates.Select(update => Renamed(update, prefix)).ToList();
        return Log.Vins.All(vin => Oracle.Show(store.FindAsync(prefix + vin, Cancel).GetAwaiter().GetResult()) == Oracle.Expect(prefix + vin, updates));
    }

    private static TwinUpdate Renamed(TwinUpdate update, string prefix) => update with { Vin = prefix + update.Vin };

    private static TopicPartitionOffset Position(string topic, int partition, long next) => new(topic, partition, next);
}

public sealed class SqliteContract(SqliteFixture stores) : StoreContract(stores), IClassFixture<SqliteFixture>
{
    protected override int PropertyTests => 200;

    [Fact]
    public async Task A_file_that_is_deleted_while_it_is_open_is_made_anew()
    {
        var cancel = TestContext.Current.CancellationToken;
        var address = stores.NewAddress();
        await using var store = TwinStore.Open(address);
        await using var reader = TwinStore.Open(address);
        var partition = new TopicPartition("telemetry", 0);
        await store.StartProgressAsync([partition], cancel);
        await store.ApplyAsync([Records.Telemetry("V1", 1, 1)], [new TopicPartitionOffset(partition, 2)], cancel);
        Assert.NotNull(await reader.FindAsync("V1", cancel));

        var file = address["sqlite:".Length..];
        foreach (var part in Directory.GetFiles(Path.GetDirectoryName(file)!)) File.Delete(part);

        var write = await store.ApplyAsync([Records.Telemetry("V2", 2, 1)], [new TopicPartitionOffset(partition, 3)], cancel);
        Assert.Equal([partition], write.Lost);
        Assert.Null(await reader.FindAsync("V1", cancel));
        Assert.NotNull(await reader.FindAsync("V2", cancel));
    }
}

public sealed class MongoDbContract(MongoDbFixture stores) : StoreContract(stores), IClassFixture<MongoDbFixture>;

public sealed class MongoJavaServerContract(MongoJavaServerFixture stores) : StoreContract(stores), IClassFixture<MongoJavaServerFixture>;

public sealed class FerretDbContract(FerretDbFixture stores) : StoreContract(stores), IClassFixture<FerretDbFixture>;
