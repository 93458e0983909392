using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Kappa.Iot.AlertApi.Running;
using Kappa.Iot.Embedded;
using Kappa.Iot.Peers;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.AlertApi.Tests;

/// <summary>What the API does without the parts around it.</summary>
public sealed class WithoutTests(LogFixture fixture)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_the_log_it_runs_says_so_and_catches_up_when_the_log_comes()
    {
        var folder = Directory.CreateTempSubdirectory("kafka-").FullName;
        var port = FreePort.Take();
        await using (var before = await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { DataDirectory = folder, Port = port }, Cancel))
        {
            using var log = await LogWriter.OpenAsync(before.BootstrapServers);
            await log.WriteAsync(Samples.Alert("AWAY", id: "away-1"));
        }

        await using (var api = await RunningApi.StartAsync($"127.0.0.1:{port}"))
        {
            Assert.Equal(HttpStatusCode.OK, (await api.Client.GetAsync("/health/live", Cancel)).StatusCode);
            var ready = await api.Client.GetAsync("/health/ready", Cancel);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            var lines = (await ready.Content.ReadAsStringAsync(Cancel)).Split('\n');
            Assert.Equal("Unhealthy", lines[0]);
            Assert.Contains($"127.0.0.1:{port}", Assert.Single(lines, line => line.StartsWith("log: ", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.Equal("away", await LogOf(api));

            await using (await EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { DataDirectory = folder, Port = port }, Cancel))
            {
                await Eventually.IsAsync(async () => (await api.Client.GetAsync("/api/alerts/away-1", Cancel)).IsSuccessStatusCode, "the alert", Cancel);
                await Eventually.IsAsync(async () => await LogOf(api) == "connected", "the log to be connected", Cancel);
            }

            await Eventually.IsAsync(async () => await LogOf(api) == "away", "the log to be away again", Cancel);
            Assert.True((await api.Client.GetAsync("/api/alerts/away-1", Cancel)).IsSuccessStatusCode);
            var answer = await api.Client.PostAsJsonAsync("/api/alerts/away-1/acknowledge", new { by = "Ann" }, Cancel);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            Assert.Contains("Nothing was changed", await answer.Content.ReadAsStringAsync(Cancel));
        }

        Directory.Delete(folder, recursive: true);

        async Task<string?> LogOf(RunningApi api) =>
            (await api.Client.GetFromJsonAsync<JsonElement>("/api/fleet", Cancel)).GetProperty("log").GetString();
    }

    [Fact]
    public async Task Without_the_twin_store_alerts_and_live_vehicles_are_still_there()
    {
        var vin = LogFixture.NewVehicle();
        await fixture.Log.WriteAsync(Samples.Telemetry(vin));
        await using var api = await RunningApi.StartAsync(fixture.BootstrapServers, "mongodb://127.0.0.1:9/kappa?serverSelectionTimeoutMS=500&connectTimeoutMS=500");

        var list = await api.Client.GetAsync("/api/vehicles", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, list.StatusCode);
        Assert.Equal("The twin store is not available", (await list.Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("title").GetString());

        await Eventually.IsAsync(async () => (await api.Client.GetFromJsonAsync<JsonElement>($"/api/vehicles/{vin}", Cancel)).TryGetProperty("state", out _), "the live vehicle", Cancel);
        var vehicle = await api.Client.GetFromJsonAsync<JsonElement>($"/api/vehicles/{vin}", Cancel);
        Assert.False(vehicle.TryGetProperty("twin", out _));
        Assert.NotEmpty(vehicle.GetProperty("twinProblem").GetString()!);
    }

    [Fact]
    public async Task Without_the_dashboard_the_page_says_how_to_get_it()
    {
        var empty = Directory.CreateTempSubdirectory("page-").FullName;
        await using (var api = await RunningApi.StartAsync(fixture.BootstrapServers, null, $"--Page:Root={empty}"))
            Assert.Contains("Node.js", await api.Client.GetStringAsync("/", Cancel));
        Directory.Delete(empty);
    }

    [Fact]
    public async Task With_a_dashboard_every_address_of_the_page_is_the_page()
    {
        var root = Directory.CreateTempSubdirectory("page-").FullName;
        await File.WriteAllTextAsync(Path.Combine(root, "index.html"), "<p>the page</p>", Cancel);
        await using (var api = await RunningApi.StartAsync(fixture.BootstrapServers, null, $"--Page:Root={root}", "--Page:TilesUrl=https://tiles.example/{z}/{x}/{y}.png"))
        {
            var answer = await api.Client.GetAsync("/some/where", Cancel);
            Assert.Equal("<p>the page</p>", await answer.Content.ReadAsStringAsync(Cancel));
            Assert.Contains("https://tiles.example", answer.Headers.GetValues("Content-Security-Policy").Single());
            Assert.Equal("https://tiles.example/{z}/{x}/{y}.png", (await api.Client.GetFromJsonAsync<JsonElement>("/api/page", Cancel)).GetProperty("tilesUrl").GetString());
        }

        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public async Task Settings_that_cannot_be_are_named_all_at_once_before_anything_starts()
    {
        var e = await Assert.ThrowsAnyAsync<Exception>(() => RunningApi.StartAsync(
            fixture.BootstrapServers, "postgres://somewhere", "--AlertApi:History=00:00:01", "--Page:TilesUrl=tiles"));
        var messages = string.Join('\n', (e is AggregateException all ? all.InnerExceptions : [e]).Cast<OptionsValidationException>().SelectMany(o => o.Failures));
        Assert.Contains("AlertApi:History", messages);
        Assert.Contains("Twins:ConnectionString", messages);
        Assert.Contains("Page:TilesUrl", messages);
    }
}
