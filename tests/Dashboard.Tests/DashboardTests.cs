using Kappa.Iot.AlertApi.Running;
using Kappa.Iot.Contracts;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Kappa.Iot.Dashboard.Tests;

public sealed class DashboardTests(DashboardFixture fixture)
{
    private static readonly LocatorAssertionsToBeVisibleOptions Patiently = new() { Timeout = 90_000 };

    [Fact]
    public async Task The_map_shows_the_fleet_and_an_alert_arrives_without_a_reload_and_is_explained()
    {
        var browser = await fixture.BrowserAsync();
        var batches = Enumerable.Range(0, 40).Select(i => Samples.Telemetry($"MAP{i:D3}", latitude: 48 + (i * 0.01), longitude: 11 + (i * 0.01))).ToArray();
        await fixture.Log.WriteAsync(batches);
        var page = await browser.OpenAsync(fixture.Api.Address);
        await page.EvaluateAsync("() => { window.loadedOnce = true; }");

        await Expect(page.GetByTestId("connection")).ToHaveAttributeAsync("data-state", "live", new() { Timeout = 90_000 });
        await page.WaitForFunctionAsync("() => Number(document.querySelector('[data-testid=vehicle-count]').textContent.replaceAll(',', '')) >= 40");
        await page.WaitForFunctionAsync("() => Number(document.querySelector('[data-testid=map-count]').dataset.count) >= 40");
        await page.WaitForFunctionAsync(FindDot, "rgb(42, 138, 128)");

        var row = page.Locator("[data-testid=alert-row][data-vin=MAP007]");
        await Expect(row).ToHaveCountAsync(0);
        var batch = Samples.Telemetry("MAP007", sequence: 2, latitude: 48.07, longitude: 11.07, coolant: 118);
        await fixture.Log.WriteAsync(batch);
        await fixture.Log.WriteAsync(Samples.Score(batch, 0.8f));
        await fixture.Log.WriteAsync(Samples.Alert("MAP007", AlertType.Cooling, Severity.Critical));

        await Expect(row).ToBeVisibleAsync(Patiently);
        await Expect(row).ToHaveAttributeAsync("data-severity", "critical");
        await row.Locator("a").ClickAsync();

        await Expect(page.GetByTestId("vehicle-title")).ToHaveTextAsync("MAP007");
        var shares = page.GetByTestId("contribution-row");
        await Expect(shares).ToHaveCountAsync(2);
        await Expect(shares.First).ToContainTextAsync("Coolant temperature");
        await Expect(shares.First).ToContainTextAsync("118 °C");
        await Expect(shares.First).ToContainTextAsync("90 °C");
        await Expect(shares.First).ToContainTextAsync("75 %");
        await Expect(page.Locator("figure.chart.emphasis").First).ToContainTextAsync("118 °C", new() { Timeout = 90_000 });
        Assert.True(await page.EvaluateAsync<bool>("() => window.loadedOnce === true"), "the page was loaded again");
    }

    [Fact]
    public async Task A_click_on_a_vehicle_on_the_map_opens_its_page()
    {
        var browser = await fixture.BrowserAsync();
        await fixture.Log.WriteAsync(Samples.Telemetry("CLICKED", latitude: 48.2, longitude: 11.2));
        await fixture.Log.WriteAsync(Samples.Alert("CLICKED", AlertType.Tyres, Severity.Critical));
        var page = await browser.OpenAsync(fixture.Api.Address);
        await Expect(page.Locator("[data-testid=alert-row][data-vin=CLICKED]")).ToBeVisibleAsync(Patiently);

        // Its dot is found as an operator would: by its colour.
        var dot = await page.WaitForFunctionAsync(FindDot, "rgb(200, 30, 58)");
        var at = await dot.EvaluateAsync<float[]>("point => point");
        await page.Mouse.ClickAsync(at[0], at[1]);
        await page.WaitForFunctionAsync("() => location.hash.startsWith('#/vehicle/')");
        await Expect(page.GetByTestId("alert-card").First).ToContainTextAsync("critical");
    }

    [Fact]
    public async Task An_acknowledgement_shows_on_every_page_that_is_open()
    {
        var browser = await fixture.BrowserAsync();
        await fixture.Log.WriteAsync(Samples.Alert("ACK1", AlertType.Fuel, Severity.Major));
        var mine = await browser.OpenAsync(fixture.Api.Address);
        var theirs = await browser.OpenAsync(fixture.Api.Address);

        var row = mine.Locator("[data-testid=alert-row][data-vin=ACK1]");
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await mine.GetByLabel("Your name").FillAsync("Ann");
        await mine.GetByLabel("Comment").FillAsync("called the driver");
        await mine.Locator("dialog button[type=submit]").ClickAsync();

        await Expect(row).ToContainTextAsync("✓ Ann", new() { Timeout = 90_000 });
        await Expect(theirs.Locator("[data-testid=alert-row][data-vin=ACK1]")).ToContainTextAsync("✓ Ann", new() { Timeout = 90_000 });
    }

    [Fact]
    public async Task An_alert_about_the_fleet_stands_above_all_others_while_it_lasts()
    {
        var browser = await fixture.BrowserAsync();
        var page = await browser.OpenAsync(fixture.Api.Address);
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var alert = new FleetAlert
        {
            AlertId = "fleet-1",
            Dimension = FleetDimension.Firmware,
            Value = "2001",
            Measure = FleetMeasure.MeanScore,
            Status = AlertStatus.Active,
            RaisedAtMs = now,
            LastSeenMs = now,
            Observed = 0.61,
            Expected = 0.02,
            Batches = 6000,
            Odd = 4100,
        };
        await fixture.Log.WriteAsync(alert);
        await Expect(page.GetByTestId("fleet-alert")).ToContainTextAsync("Firmware 2001 is odd: mean score 0.61 instead of 0.02", new() { Timeout = 90_000 });

        // The cars' own alerts are folded under it: they are no rows of the list.
        var cars = Enumerable.Range(1, 12).Select(car =>
        {
            var own = Samples.Alert($"FIRM{car:D2}", severity: Severity.Major);
            own.Firmware = "2001";
            return own;
        }).ToArray();
        await fixture.Log.WriteAsync(cars);
        await Expect(page.GetByTestId("fleet-parts").Locator("summary")).ToHaveTextAsync("12 vehicles, 12 open", new() { Timeout = 90_000 });
        await Expect(page.Locator("[data-testid=alert-row][data-vin^=FIRM]")).ToHaveCountAsync(0, new() { Timeout = 90_000 });
        await page.GetByTestId("fleet-parts").Locator("summary").ClickAsync();
        await Expect(page.Locator("[data-testid=fleet-part][data-vin^=FIRM]")).ToHaveCountAsync(12, new() { Timeout = 90_000 });
        if (Environment.GetEnvironmentVariable("SCREENSHOTS") is { Length: > 0 } folder) await page.ScreenshotAsync(new() { Path = Path.Combine(folder, "fleet-alert.png") });

        alert.Status = AlertStatus.Cleared;
        alert.ClearedAtMs = now;
        await fixture.Log.WriteAsync(alert);
        await Expect(page.GetByTestId("fleet-alert")).ToHaveCountAsync(0, new() { Timeout = 90_000 });
    }

    [Fact]
    public async Task A_server_that_goes_away_is_said_and_found_again()
    {
        var browser = await fixture.BrowserAsync();
        await fixture.Log.WriteAsync(Samples.Alert("BACK1", AlertType.Brakes, Severity.Minor));
        IPage page;
        int port;
        await using (var first = await RunningApi.StartAsync(fixture.BootstrapServers, null, $"--Page:Root={DashboardFixture.BuiltDashboard}"))
        {
            port = first.Address.Port;
            page = await browser.OpenAsync(first.Address);
            await Expect(page.Locator("[data-testid=alert-row][data-vin=BACK1]")).ToBeVisibleAsync(Patiently);
        }

        await Expect(page.GetByTestId("connection")).ToHaveAttributeAsync("data-state", "lost", new() { Timeout = 90_000 });
        await fixture.Log.WriteAsync(Samples.Alert("BACK2", AlertType.Brakes, Severity.Minor));
        await using var second = await RunningApi.StartAsync(fixture.BootstrapServers, null, $"--Page:Root={DashboardFixture.BuiltDashboard}", $"--urls=http://127.0.0.1:{port}");
        await Expect(page.Locator("[data-testid=alert-row][data-vin=BACK2]")).ToBeVisibleAsync(Patiently);
        await Expect(page.GetByTestId("connection")).ToHaveAttributeAsync("data-state", "live", new() { Timeout = 90_000 });
    }

    [Theory]
    [InlineData(1280, 800)]
    [InlineData(390, 844)]
    public async Task No_page_is_wider_than_its_screen_and_none_asks_another_host(int width, int height)
    {
        var browser = await fixture.BrowserAsync();
        var batch = Samples.Telemetry("WIDE1");
        await fixture.Log.WriteAsync(batch);
        await fixture.Log.WriteAsync(Samples.Alert("WIDE1", AlertType.Cooling, Severity.Major));
        var page = await browser.OpenAsync(fixture.Api.Address, width, height, ColorScheme.Dark);
        var foreign = new List<string>();
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url) is { Scheme: not "data" } uri && uri.Authority != fixture.Api.Address.Authority) foreign.Add(request.Url);
        };
        var errors = new List<string>();
        page.PageError += (_, error) => errors.Add(error);

        foreach (var at in new[] { "#/", "#/alerts", "#/vehicles", "#/models", "#/vehicle/WIDE1" })
        {
            await page.EvaluateAsync("at => { location.hash = at; }", at);
            await Expect(page.GetByTestId("connection")).ToHaveAttributeAsync("data-state", "live", new() { Timeout = 90_000 });
            if (at == "#/vehicle/WIDE1") await Expect(page.GetByTestId("contribution-row").First).ToBeVisibleAsync(Patiently);
            Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{at} is wider than {width}");
        }

        Assert.Empty(foreign);
        Assert.Empty(errors);
    }

    /// <summary>The place on the screen of a pixel of the map's that has a colour, well inside the map; false while there is none.</summary>
    private const string FindDot = """
        colour => {
          const [r, g, b] = colour.match(/\d+/g).map(Number);
          for (const canvas of document.querySelectorAll('[data-testid=map] .leaflet-overlay-pane canvas')) {
            if (!canvas.width || !canvas.height) continue;
            const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            for (let i = 0; i < data.length; i += 4) {
              if (data[i] !== r || data[i + 1] !== g || data[i + 2] !== b || data[i + 3] !== 255) continue;
              const box = canvas.getBoundingClientRect();
              const scale = box.width / width;
              return [box.left + ((i / 4) % width) * scale, box.top + Math.floor(i / 4 / width) * scale + 3];
            }
          }
          return false;
        }
        """;
}
