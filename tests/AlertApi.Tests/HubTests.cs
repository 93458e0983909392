using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kappa.Iot.AlertApi.Alerts;
using Kappa.Iot.AlertApi.Live;
using Kappa.Iot.AlertApi.Running;
using Kappa.Iot.Contracts;
using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Kappa.Iot.AlertApi.Tests;

public sealed class HubTests(LogFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private readonly string _vin = LogFixture.NewVehicle();

    [Fact]
    public async Task A_subscriber_gets_what_is_there_and_then_every_change_of_an_alert()
    {
        await fixture.Log.WriteAsync(Samples.Alert(_vin, severity: Severity.Minor));
        await using var hub = await ConnectAsync(fixture.Api.Address);
        await using var updates = hub.StreamAsync<FleetUpdate>("Fleet", (FleetCursor?)null, Cancel).GetAsyncEnumerator(Cancel);

        await UntilAsync(updates, u => u.Alerts?.Any(a => a.Vin == _vin && a.Severity == Severity.Minor) == true, first => Assert.True(first.Reset));
        await fixture.Log.WriteAsync(Samples.Alert(_vin, severity: Severity.Critical));
        await UntilAsync(updates, u => u.Alerts?.Any(a => a.Vin == _vin && a.Severity == Severity.Critical) == true);
        await fixture.Log.WriteAsync(Samples.Alert(_vin, severity: Severity.Critical, status: AlertStatus.Cleared));
        await UntilAsync(updates, u => u.Alerts?.Any(a => a.Vin == _vin && a.Status == AlertStatus.Cleared) == true);
    }

    [Fact]
    public async Task A_subscriber_sees_vehicles_come_move_and_go_offline()
    {
        await using var hub = await ConnectAsync(fixture.Api.Address);
        await using var updates = hub.StreamAsync<FleetUpdate>("Fleet", (FleetCursor?)null, Cancel).GetAsyncEnumerator(Cancel);

        await fixture.Log.WriteAsync(Samples.Telemetry(_vin, 1, latitude: 48));
        await UntilAsync(updates, u => u.Vehicles?.Any(v => v.Vin == _vin && v.Latitude == 48) == true);
        await fixture.Log.WriteAsync(Samples.Telemetry(_vin, 2, latitude: 49));
        await fixture.Log.WriteAsync(Samples.Presence(_vin));
        await UntilAsync(updates, u => u.Vehicles?.Any(v => v.Vin == _vin && v.Latitude == 49 && v.Online == true) == true);
        await fixture.Log.WriteAsync(Samples.Presence(_vin, online: false, epoch: 1));
        await UntilAsync(updates, u => u.Vehicles?.Any(v => v.Vin == _vin && v.Online == false) == true);
        await UntilAsync(updates, u => u.Figures is { Vehicles: > 0, Log: "connected" });
    }

    [Fact]
    public async Task An_alert_about_the_fleet_is_pushed_while_it_lasts_and_listed_afterwards()
    {
        var alert = new FleetAlert
        {
            AlertId = $"{_vin}-fleet",
            Dimension = FleetDimension.Firmware,
            Value = "2001",
            Measure = FleetMeasure.MeanScore,
            Status = AlertStatus.Active,
            RaisedAtMs = 1_800_000_000_000,
            LastSeenMs = 1_800_000_060_000,
            Observed = 0.6,
            Expected = 0.02,
            Batches = 6000,
            Odd = 4100,
        };
        await using var hub = await ConnectAsync(fixture.Api.Address);
        await using var updates = hub.StreamAsync<FleetUpdate>("Fleet", (FleetCursor?)null, Cancel).GetAsyncEnumerator(Cancel);
        await fixture.Log.WriteAsync(alert);
        await UntilAsync(updates, u => u.Figures?.FleetAlerts.Any(a => a.Id == alert.AlertId && a.Value == "2001" && a.Dimension == FleetDimension.Firmware && a.Odd == 4100) == true);

        alert.Status = AlertStatus.Cleared;
        alert.ClearedAtMs = 1_800_000_600_000;
        await fixture.Log.WriteAsync(alert);
        await UntilAsync(updates, u => u.Figures?.FleetAlerts.All(a => a.Id != alert.AlertId) == true);
        var listed = await fixture.Api.Client.GetFromJsonAsync<JsonElement>("/api/fleet/alerts", Cancel);
        var cleared = Assert.Single(listed.EnumerateArray(), a => a.GetProperty("id").GetString() == alert.AlertId);
        Assert.Equal(("cleared", "meanScore"), (cleared.GetProperty("status").GetString(), cleared.GetProperty("measure").GetString()));
    }

    [Fact]
    public async Task A_bad_firmware_that_makes_many_cars_odd_is_one_alert_and_theirs_are_part_of_it()
    {
        const int Cars = 300;
        var (from, firmware) = (DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000), $"9{_vin[4..]}");
        var fleet = new FleetAlert
        {
            AlertId = $"{_vin}-fleet",
            Dimension = FleetDimension.Firmware,
            Value = firmware,
            Measure = FleetMeasure.MeanScore,
            Status = AlertStatus.Active,
            RaisedAtMs = from.ToUnixTimeMilliseconds(),
            LastSeenMs = from.AddMinutes(1).ToUnixTimeMilliseconds(),
        };
        Alert Car(int car, string its, int second)
        {
            var alert = Samples.Alert($"{_vin}-{car:D3}", id: $"{_vin}-{car:D3}", raisedAt: from.AddSeconds(second));
            alert.Firmware = its;
            return alert;
        }

        await using var hub = await ConnectAsync(fixture.Api.Address);
        await using var updates = hub.StreamAsync<FleetUpdate>("Fleet", (FleetCursor?)null, Cancel).GetAsyncEnumerator(Cancel);
        var shown = new Dictionary<string, AlertDocument>(); // what a subscriber knows

        // The first half of the cars is odd before the fleet's alert is out, the others afterwards; one has another firmware, one was odd long before.
        await fixture.Log.WriteAsync([.. Enumerable.Range(0, Cars / 2).Select(car => Car(car, firmware, car % 90)), Car(998, "1", 30), Car(999, firmware, -3600)]);
        await KnowAsync(() => shown.Count == (Cars / 2) + 2 && shown.Values.All(a => a.FleetAlertId is null));
        await fixture.Log.WriteAsync(fleet);
        await fixture.Log.WriteAsync([.. Enumerable.Range(Cars / 2, Cars / 2).Select(car => Car(car, firmware, 60 + (car % 90)))]);
        await KnowAsync(() => shown.Values.Count(a => a.FleetAlertId == fleet.AlertId) == Cars);

        Assert.Equal([$"{_vin}-998", $"{_vin}-999"], shown.Values.Where(a => a.FleetAlertId is null).Select(a => a.Id).Order(StringComparer.Ordinal));
        Assert.Equal([$"{_vin}-998", $"{_vin}-999"], await ListAsync("limit=1000&status=active"));
        Assert.Equal(Cars, (await ListAsync($"limit=1000&fleetAlert={fleet.AlertId}")).Count);
        Assert.Equal(Cars + 2, (await ListAsync("limit=1000&grouped=true")).Count);
        Assert.Equal([$"{_vin}-000"], await ListAsync($"vin={_vin}-000"));
        var counted = (await fixture.Api.Client.GetFromJsonAsync<JsonElement>("/api/fleet/alerts", Cancel)).EnumerateArray().Single(a => a.GetProperty("id").GetString() == fleet.AlertId);
        Assert.Equal((Cars, Cars), (counted.GetProperty("vehicles").GetInt32(), counted.GetProperty("openAlerts").GetInt32()));

        // Over: what is raised afterwards stands for itself again, what was part of it stays that.
        fleet.Status = AlertStatus.Cleared;
        fleet.ClearedAtMs = from.AddMinutes(10).ToUnixTimeMilliseconds();
        await fixture.Log.WriteAsync(fleet);
        await UntilAsync(updates, u => u.Figures?.FleetAlerts.All(a => a.Id != fleet.AlertId) == true);
        await fixture.Log.WriteAsync(Car(997, firmware, 660));
        await KnowAsync(() => shown.ContainsKey($"{_vin}-997"));
        Assert.Null(shown[$"{_vin}-997"].FleetAlertId);
        Assert.Equal(Cars, shown.Values.Count(a => a.FleetAlertId == fleet.AlertId));

        Task<FleetUpdate> KnowAsync(Func<bool> enough) => UntilAsync(updates, u =>
        {
            foreach (var alert in (u.Alerts ?? []).Where(a => a.Vin.StartsWith(_vin, StringComparison.Ordinal))) shown[alert.Id] = alert;
            return enough();
        });

        async Task<IReadOnlyList<string>> ListAsync(string query) =>
            [.. (await fixture.Api.Client.GetFromJsonAsync<JsonElement>($"/api/alerts?{query}", Cancel)).GetProperty("alerts").EnumerateArray()
                .Select(a => a.GetProperty("id").GetString()!).Where(id => id.StartsWith(_vin, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task A_client_that_was_away_goes_on_where_it_was_and_misses_nothing()
    {
        await fixture.Log.WriteAsync(Samples.Alert(_vin, AlertType.Tyres, id: $"{_vin}-before"));
        FleetCursor cursor;
        await using (var hub = await ConnectAsync(fixture.Api.Address))
        {
            await using var updates = hub.StreamAsync<FleetUpdate>("Fleet", (FleetCursor?)null, Cancel).GetAsyncEnumerator(Cancel);
            cursor = (await UntilAsync(updates, u => u.Alerts?.Any(a => a.Id == $"{_vin}-before") == true)).Cursor;
        }

        await fixture.Log.WriteAsync(Samples.Alert(_vin, AlertType.Fuel, id: $"{_vin}-meanwhile"));
        await Eventually.IsAsync(async () => (await fixture.Api.Client.GetAsync($"/api/alerts/{_vin}-meanwhile", Cancel)).IsSuccessStatusCode, "the alert", Cancel);

        await using var again = await ConnectAsync(fixture.Api.Address);
        await using var rest = again.StreamAsync<FleetUpdate>("Fleet", cursor, Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await rest.MoveNextAsync());
        Assert.False(rest.Current.Reset);
        Assert.Contains(rest.Current.Alerts!, a => a.Id == $"{_vin}-meanwhile");
        Assert.DoesNotContain(rest.Current.Alerts!, a => a.Id == $"{_vin}-before");
    }

    [Fact]
    public async Task A_cursor_of_another_run_of_the_server_gets_everything_anew()
    {
        await fixture.Log.WriteAsync(Samples.Alert(_vin, id: $"{_vin}-1"));
        await using var hub = await ConnectAsync(fixture.Api.Address);
        await using var updates = hub.StreamAsync<FleetUpdate>("Fleet", new FleetCursor("another", 1_000_000, 1_000_000), Cancel).GetAsyncEnumerator(Cancel);
        await UntilAsync(updates, u => u.Alerts?.Any(a => a.Id == $"{_vin}-1") == true, first => Assert.True(first.Reset));
    }

    [Fact]
    public async Task A_vehicle_s_subscriber_gets_its_last_minutes_and_then_what_comes()
    {
        var first = Samples.Telemetry(_vin, 1, coolant: 90, ago: TimeSpan.FromSeconds(30));
        await fixture.Log.WriteAsync(first);
        await Eventually.IsAsync(async () => (await fixture.Api.Client.GetAsync($"/api/vehicles/{_vin}/signals", Cancel)).IsSuccessStatusCode, "the first batch", Cancel);

        await using var hub = await ConnectAsync(fixture.Api.Address);
        await using var updates = hub.StreamAsync<VehicleUpdate>("Vehicle", _vin, Cancel).GetAsyncEnumerator(Cancel);
        Assert.True(await updates.MoveNextAsync());
        Assert.True(updates.Current.Reset);
        Assert.Equal(10, updates.Current.History.Times.Length);

        var second = Samples.Telemetry(_vin, 2, coolant: 99);
        await fixture.Log.WriteAsync(second);
        await fixture.Log.WriteAsync(Samples.Score(second, 0.7f));
        var times = 0;
        var scored = false;
        while (times == 0 || !scored)
        {
            Assert.True(await updates.MoveNextAsync());
            Assert.False(updates.Current.Reset);
            times += updates.Current.History.Times.Length;
            scored |= updates.Current.History.Scores.Any(s => s.Value == 0.7f && s.Contributions[0].Label == Samples.Coolant.Label);
        }

        Assert.Equal(10, times);
    }

    [Fact]
    public async Task Vehicle_WithAnIdThatCannotBe_SaysWhy()
    {
        await using var hub = await ConnectAsync(fixture.Api.Address);
        var e = await Assert.ThrowsAsync<HubException>(async () =>
        {
            await foreach (var _ in hub.StreamAsync<VehicleUpdate>("Vehicle", "a/b", Cancel)) { }
        });
        Assert.Contains("not a vehicle id", e.Message);
    }

    private static async Task<FleetUpdate> UntilAsync(IAsyncEnumerator<FleetUpdate> updates, Func<FleetUpdate, bool> wanted, Action<FleetUpdate>? first = null)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (await updates.MoveNextAsync().AsTask().WaitAsync(patience.Token))
        {
            first?.Invoke(updates.Current);
            first = null;
            if (wanted(updates.Current)) return updates.Current;
        }

        throw new InvalidOperationException("The server ended the stream.");
    }

    private static async Task<HubConnection> ConnectAsync(Uri address)
    {
        var hub = new HubConnectionBuilder()
            .WithUrl(new Uri(address, "/hubs/fleet"))
            .AddJsonProtocol(json => json.PayloadSerializerOptions.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase)))
            .Build();
        await hub.StartAsync(Cancel);
        return hub;
    }
}
