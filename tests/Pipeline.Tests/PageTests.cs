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

    /// <summary>Keeps a picture where SCREENSHOTS names a folder; the README's were made so.</summary>
    private static async Task ShootAsync(Microsoft.Playwright.IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name) });
    }
}
