using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Kappa.Iot.AlertApi.Running;
using Kappa.Iot.Contracts;
using Kappa.Iot.Twins;

namespace Kappa.Iot.AlertApi.Tests;

public sealed class RestTests(LogFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private readonly string _vin = LogFixture.NewVehicle();

    [Fact]
    public async Task An_alert_on_the_log_is_found_with_the_signals_that_made_it()
    {
        await fixture.Log.WriteAsync(Samples.Alert(_vin, AlertType.Cooling, Severity.Critical, id: $"{_vin}-1"));

        var alert = await FindAsync($"/api/alerts/{_vin}-1");
        Assert.Equal("active", alert.GetProperty("status").GetString());
        Assert.Equal("critical", alert.GetProperty("severity").GetString());
        Assert.Equal("cooling", alert.GetProperty("type").GetString());
        var top = alert.GetProperty("contributions")[0];
        Assert.Equal("Vehicle.OBD.CoolantTemperature", top.GetProperty("signal").GetString());
        Assert.Equal("°C", top.GetProperty("unit").GetString());
        Assert.Equal(118, top.GetProperty("observed").GetDouble());
        Assert.Equal(90, top.GetProperty("expected").GetDouble());
        Assert.Equal(alert.GetProperty("score").GetDouble(), alert.GetProperty("contributions").EnumerateArray().Sum(c => c.GetProperty("share").GetDouble()), precision: 4);
    }

    [Fact]
    public async Task Alerts_are_filtered_by_status_type_severity_and_vehicle()
    {
        await fixture.Log.WriteAsync(
            Samples.Alert(_vin, AlertType.Tyres, Severity.Warning, id: $"{_vin}-t"),
            Samples.Alert(_vin, AlertType.Battery, Severity.Major, id: $"{_vin}-b"),
            Samples.Alert(_vin, AlertType.Fuel, Severity.Critical, AlertStatus.Cleared, id: $"{_vin}-f"));
        foreach (var id in "tbf") await FindAsync($"/api/alerts/{_vin}-{id}");

        Assert.Equal(["b", "t"], await Ids("status=active"));
        Assert.Equal(["f"], await Ids("status=cleared"));
        Assert.Equal(["b", "f"], await Ids("severity=major"));
        Assert.Equal(["t"], await Ids("type=TYRES"));

        async Task<string[]> Ids(string query)
        {
            var page = await fixture.Api.Client.GetFromJsonAsync<JsonElement>($"/api/alerts?vin={_vin}&{query}", Cancel);
            return [.. page.GetProperty("alerts").EnumerateArray().Select(a => a.GetProperty("id").GetString()![^1..]).Order()];
        }
    }

    [Theory]
    [InlineData("/api/alerts?severity=terrible", "severity", "'terrible' is not one of warning, minor, major, critical.")]
    [InlineData("/api/alerts?limit=0", "limit", "'0' is not a whole number from 1 to 1000.")]
    [InlineData("/api/alerts?after=gone", "after", "There is no alert 'gone' any more: ask for the first page again.")]
    [InlineData("/api/vehicles?online=maybe", "online", "'maybe' is neither true nor false.")]
    [InlineData("/api/vehicles?after=a/b", "after", "A vehicle id has 1 to 64 letters, digits, '-', '_' or '.'.")]
    public async Task A_query_that_is_not_understood_says_what_would_be(string path, string field, string message)
    {
        var answer = await fixture.Api.Client.GetAsync(path, Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal(message, problem.GetProperty("errors").GetProperty(field)[0].GetString());
    }

    [Theory]
    [InlineData("/api/alerts/nobody")]
    [InlineData("/api/vehicles/NOBODY")]
    [InlineData("/api/vehicles/NOBODY/signals")]
    [InlineData("/api/nonsense")]
    public async Task What_is_not_there_is_a_problem_that_says_where_to_look(string path)
    {
        var answer = await fixture.Api.Client.GetAsync(path, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal(404, problem.GetProperty("status").GetInt32());
        Assert.Contains("/", problem.GetProperty("detail").GetString());
    }

    [Fact]
    [Trait("Invariant", "5")]
    public async Task An_acknowledgement_is_on_the_log_and_outlives_the_server()
    {
        await fixture.Log.WriteAsync(Samples.Alert(_vin, id: $"{_vin}-1"));
        await FindAsync($"/api/alerts/{_vin}-1");

        var answer = await fixture.Api.Client.PostAsJsonAsync($"/api/alerts/{_vin}-1/acknowledge", new { by = " Ann ", comment = "called the driver" }, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("Ann", (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("acknowledged").GetProperty("by").GetString());

        await using var other = await RunningApi.StartAsync(fixture.BootstrapServers);
        var alert = await Eventually.FindAsync(
            async () => await TryGetAsync(other.Client, $"/api/alerts/{_vin}-1") is { } found && found.RootElement.TryGetProperty("acknowledged", out _) ? found : null,
            "the acknowledgement on another server", Cancel);
        Assert.Equal("called the driver", alert.RootElement.GetProperty("acknowledged").GetProperty("comment").GetString());
        Assert.Single(alert.RootElement.GetProperty("actions").EnumerateArray());
    }

    [Fact]
    public async Task Acknowledge_WithoutAName_IsRefused()
    {
        await fixture.Log.WriteAsync(Samples.Alert(_vin, id: $"{_vin}-1"));
        await FindAsync($"/api/alerts/{_vin}-1");
        var answer = await fixture.Api.Client.PostAsJsonAsync($"/api/alerts/{_vin}-1/acknowledge", new { by = " ", comment = new string('x', 1001) }, Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var errors = (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("errors");
        Assert.True(errors.TryGetProperty("by", out _) && errors.TryGetProperty("comment", out _));
    }

    [Fact]
    public async Task Signals_and_scores_of_a_vehicle_are_a_time_series()
    {
        var batches = new[] { Samples.Telemetry(_vin, 1, coolant: 90, ago: TimeSpan.FromMinutes(3)), Samples.Telemetry(_vin, 2, coolant: 99) };
        await fixture.Log.WriteAsync(batches);
        await fixture.Log.WriteAsync(Samples.Score(batches[0], 0.2f), Samples.Score(batches[1], 0.7f));

        var path = $"/api/vehicles/{_vin}/signals";
        var series = await Eventually.FindAsync(
            async () => await TryGetAsync(fixture.Api.Client, path) is { } found && found.RootElement.GetProperty("scores").GetArrayLength() == 2
                && found.RootElement.GetProperty("times").GetArrayLength() == 20 ? found : null,
            "two batches and their scores", Cancel);
        var coolant = series.RootElement.GetProperty("signals").EnumerateArray().Single(s => s.GetProperty("signal").GetString() == Samples.Coolant.Path);
        Assert.Equal(90, coolant.GetProperty("values")[0].GetDouble());
        Assert.Equal(99, coolant.GetProperty("values")[19].GetDouble());

        var lastMinute = await fixture.Api.Client.GetFromJsonAsync<JsonElement>($"{path}?minutes=1", Cancel);
        Assert.Equal(10, lastMinute.GetProperty("times").GetArrayLength());
        Assert.Equal(1, lastMinute.GetProperty("scores").GetArrayLength());
    }

    [Fact]
    public async Task A_vehicle_is_its_twin_its_alerts_and_its_latest_score()
    {
        var folder = Directory.CreateTempSubdirectory("twins-").FullName;
        var store = $"sqlite:{Path.Combine(folder, "twins.db")}";
        var batch = Samples.Telemetry(_vin);
        await using (var twins = TwinStore.Open(store))
        {
            await twins.InitializeAsync(Cancel);
            await twins.ApplyAsync([new ReportedUpdate(batch, 0, 5), new ReportedUpdate(Samples.Telemetry($"{_vin}B", profile: "electric"), 0, 6)], Cancel);
        }

        await fixture.Log.WriteAsync(batch);
        await fixture.Log.WriteAsync(Samples.Score(batch, 0.6f));
        await fixture.Log.WriteAsync(Samples.Alert(_vin, id: $"{_vin}-1"));
        await using (var api = await RunningApi.StartAsync(fixture.BootstrapServers, store))
        {
            var vehicle = await Eventually.FindAsync(
                async () => await TryGetAsync(api.Client, $"/api/vehicles/{_vin}") is { } found && found.RootElement.TryGetProperty("latestScore", out _)
                    && found.RootElement.GetProperty("alerts").GetArrayLength() == 1 ? found : null,
                "the vehicle with score and alert", Cancel);
            var coolant = vehicle.RootElement.GetProperty("signals").EnumerateArray().Single(s => s.GetProperty("signal").GetString() == Samples.Coolant.Path);
            Assert.Equal(90, coolant.GetProperty("value").GetDouble());
            Assert.Equal("°C", coolant.GetProperty("unit").GetString());
            Assert.Equal(5, vehicle.RootElement.GetProperty("twin").GetProperty("reported").GetProperty("offset").GetInt64());

            var first = await api.Client.GetFromJsonAsync<JsonElement>("/api/vehicles?limit=1", Cancel);
            Assert.Equal(_vin, first.GetProperty("vehicles")[0].GetProperty("vin").GetString());
            var second = await api.Client.GetFromJsonAsync<JsonElement>($"/api/vehicles?limit=1&after={first.GetProperty("next").GetString()}", Cancel);
            Assert.Equal($"{_vin}B", second.GetProperty("vehicles")[0].GetProperty("vin").GetString());
            var electric = await api.Client.GetFromJsonAsync<JsonElement>("/api/vehicles?profile=electric", Cancel);
            Assert.Equal(1, electric.GetProperty("vehicles").GetArrayLength());
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Models_say_which_is_active_and_where_it_came_from()
    {
        foreach (var (key, entry) in Samples.ActiveModel(_vin, $"{_vin}-m1")) await fixture.Log.WriteAsync(key, entry);
        var model = await Eventually.FindAsync(
            async () => (await fixture.Api.Client.GetFromJsonAsync<JsonElement[]>("/api/models", Cancel))!
                .Where(m => m.GetProperty("id").GetString() == $"{_vin}-m1" && m.GetProperty("active").GetBoolean()).Cast<object>().FirstOrDefault(),
            "the active model", Cancel);
        var found = (JsonElement)model;
        Assert.Equal("telemetry", found.GetProperty("lineage").GetProperty("source").GetString());
        Assert.Equal(0.1, found.GetProperty("metrics").GetProperty("false_alerts_per_hour").GetDouble());
        Assert.Equal(JsonValueKind.Null, found.GetProperty("metrics").GetProperty("broken").ValueKind);
    }

    [Fact]
    public async Task Records_that_are_not_what_their_topic_carries_are_left_out_and_counted()
    {
        await fixture.Log.WriteRawAsync(TopicCatalogue.Alerts, $"{_vin}/fuel", [0xff, 0xff, 0xff]);
        await fixture.Log.WriteRawAsync(TopicCatalogue.Telemetry, _vin, [0x0a, 0xff, 0x01]);
        await fixture.Log.WriteAsync(Samples.Alert(_vin, AlertType.Fuel, id: $"{_vin}-after"));

        await FindAsync($"/api/alerts/{_vin}-after");
        await Eventually.IsAsync(
            async () => (await fixture.Api.Client.GetStringAsync("/metrics", Cancel)).Split('\n').Any(line => line.StartsWith("kappa_alert_api_records_unreadable", StringComparison.Ordinal) && line.Contains("telemetry")),
            "the unreadable record in the metrics", Cancel);
    }

    [Fact]
    public async Task The_OpenAPI_document_describes_every_resource()
    {
        var document = await fixture.Api.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancel);
        var paths = document.GetProperty("paths").EnumerateObject().Where(p => p.Name.StartsWith("/api", StringComparison.Ordinal)).ToList();
        string[] wanted = ["/api/alerts", "/api/alerts/{id}", "/api/alerts/{id}/acknowledge", "/api/fleet", "/api/fleet/alerts", "/api/models", "/api/page", "/api/vehicles", "/api/vehicles/{vin}", "/api/vehicles/{vin}/signals"];
        Assert.Equal(wanted, paths.Select(p => p.Name.TrimEnd('/')).Order(StringComparer.Ordinal));
        foreach (var operation in paths.SelectMany(p => p.Value.EnumerateObject()))
            Assert.False(string.IsNullOrEmpty(operation.Value.GetProperty("summary").GetString()));
    }

    [Fact]
    public async Task The_OpenAPI_document_says_what_is_answered()
    {
        var document = await fixture.Api.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancel);
        foreach (var (path, verb) in new[] { ("/api/vehicles/{vin}", "get"), ("/api/vehicles/{vin}/signals", "get"), ("/api/alerts/{id}", "get"), ("/api/alerts/{id}/acknowledge", "post") })
            Assert.True(document.GetProperty("paths").GetProperty(path).GetProperty(verb).GetProperty("responses").TryGetProperty("404", out _), $"{path} does not say that it answers 404.");

        var schemas = document.GetProperty("components").GetProperty("schemas");
        Assert.Equal(["vehicles"], Required("VehiclePage")); // next is left out on the last page
        Assert.Equal(["alerts"], Required("AlertPage"));
        Assert.Equal(["by"], Required("Acknowledgement"));
        Assert.Equal("integer", schemas.GetProperty("FleetFigures").GetProperty("properties").GetProperty("vehicles").GetProperty("type").GetString());
        Assert.Equal("number", schemas.GetProperty("FleetFigures").GetProperty("properties").GetProperty("messagesPerSecond").GetProperty("type").GetString());

        IEnumerable<string?> Required(string schema) => schemas.GetProperty(schema).GetProperty("required").EnumerateArray().Select(name => name.GetString());
    }

    [Theory]
    [InlineData("https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData(null, HttpStatusCode.OK)]
    public async Task Pages_of_other_origins_may_not_open_the_hub(string? origin, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hubs/fleet/negotiate?negotiateVersion=1");
        request.Headers.Add("Origin", origin ?? fixture.Api.Address.GetLeftPart(UriPartial.Authority));
        var answer = await fixture.Api.Client.SendAsync(request, Cancel);
        Assert.Equal(expected, answer.StatusCode);
    }

    private async Task<JsonElement> FindAsync(string path) =>
        (await Eventually.FindAsync(() => TryGetAsync(fixture.Api.Client, path), path, Cancel)).RootElement;

    private static async Task<JsonDocument?> TryGetAsync(HttpClient client, string path)
    {
        var answer = await client.GetAsync(path, Cancel);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<JsonDocument>(Cancel) : null;
    }
}
