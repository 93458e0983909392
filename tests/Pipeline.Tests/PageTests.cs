using Kappa.Iot.Dashboard.Tests;
using static Microsoft.Playwright.Assertions;

namespace Kappa.Iot.Pipeline.Tests;

/// <summary>The dashboard during a demo, as an operator sees it.</summary>
public sealed class PageTests
{
    private const float Patience = 180_000;

    [Fact]
    public async Task During_a_demo_vehicles_are_on_the_map_and_an_alert_arrives_without_a_reload_and_says_which_signals_made_it()
    {
        await using var browser = await Browser.LaunchAsync();
        await using var demo = RunningDemo.Start("--vehicles", "40", "--history", "15m", "--fault-every", "5s");
        var dashboard = await demo.DashboardAsync();
        await demo.WaitForAsync("live;");

        var page = await browser.OpenAsync(dashboard);
        page.SetDefaultTimeout(Patience);
        await page.EvaluateAsync("() => { window.loadedOnce = true; }");
        await page.WaitForFunctionAsync("() => Number(document.querySelector('[data-testid=map-count]').dataset.count) >= 40");
        var before = await page.GetByTestId("alert-row").CountAsync();
        await page.WaitForFunctionAsync("before => document.querySelectorAll('[data-testid=alert-row]').length > before", before, new() { Timeout = Patience });
        await ShootAsync(page, "dashboard.png");

        await page.GetByTestId("alert-row").First.Locator("a").First.ClickAsync();
        await Expect(page.GetByTestId("contribution-row").First).ToBeVisibleAsync(new() { Timeout = Patience });
        Assert.True(await page.EvaluateAsync<bool>("() => window.loadedOnce === true"), "the page was loaded again");
        await page.WaitForTimeoutAsync(2_000); // the charts draw themselves
        await ShootAsync(page, "vehicle.png");
    }

    [Fact]
    public async Task After_a_bad_update_the_page_shows_one_alert_of_the_fleet_with_the_vehicles_under_it()
    {
        await using var browser = await Browser.LaunchAsync();
        await using var demo = RunningDemo.Start("--vehicles", "48", "--history", "40m", "--faults", "firmware");
        var dashboard = await demo.DashboardAsync();
        await demo.WaitForAsync("live;");

        var page = await browser.OpenAsync(dashboard);
        page.SetDefaultTimeout(Patience);
        var fleet = page.GetByTestId("fleet-alert");
        await Expect(fleet).ToContainTextAsync("Firmware 2001 is odd", new() { Timeout = 2 * Patience });
        await Expect(fleet).ToHaveCountAsync(1);
        await page.GetByTestId("fleet-parts").Locator("summary").ClickAsync();
        await Expect(page.GetByTestId("fleet-part").Nth(4)).ToBeVisibleAsync(new() { Timeout = Patience });
        await ShootAsync(page, "bad-firmware.png");

        // Every car that is listed under it runs that firmware, by its twin; none of those is a row of its own.
        var parts = await page.GetByTestId("fleet-part").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.vin)");
        using var http = new HttpClient { BaseAddress = dashboard };
        foreach (var vin in parts)
        {
            var vehicle = await http.GetStringAsync($"api/vehicles/{vin}", TestContext.Current.CancellationToken);
            Assert.Matches(@"""Kappa\.ControlUnit\.FirmwareVersion"":\s*2001", vehicle);
        }

        var rows = await page.GetByTestId("alert-row").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.vin)");
        Assert.Empty(rows.Intersect(parts));
    }

    /// <summary>Keeps a picture where SCREENSHOTS names a folder; the README's were made so.</summary>
    private static async Task ShootAsync(Microsoft.Playwright.IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name) });
    }
}
