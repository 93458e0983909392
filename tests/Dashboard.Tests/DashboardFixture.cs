using Kappa.Iot.AlertApi.Running;
using Kappa.Iot.Dashboard.Tests;
using Kappa.Iot.Embedded;

[assembly: AssemblyFixture(typeof(DashboardFixture))]

namespace Kappa.Iot.Dashboard.Tests;

/// <summary>A log, the real API with the built dashboard, and a browser.</summary>
public sealed class DashboardFixture : IAsyncLifetime
{
    private EmbeddedKafka? _kafka;
    private Browser? _browser;

    public LogWriter Log { get; private set; } = null!;

    public RunningApi Api { get; private set; } = null!;

    /// <summary>The folder that <c>dotnet build</c> leaves the dashboard in.</summary>
    public static string BuiltDashboard { get; } = FindBuiltDashboard();

    public string BootstrapServers => _kafka!.BootstrapServers;

    public async ValueTask InitializeAsync()
    {
        _kafka = await EmbeddedKafka.StartAsync();
        Log = await LogWriter.OpenAsync(_kafka.BootstrapServers);
        if (IsBuilt) Api = await RunningApi.StartAsync(_kafka.BootstrapServers, null, $"--Page:Root={BuiltDashboard}");
    }

    /// <summary>The browser, or the test ends as skipped.</summary>
    public async Task<Browser> BrowserAsync()
    {
        if (!IsBuilt) Assert.Skip("The dashboard is not built: install Node.js 20.19 or later and build alert-api.");
        return _browser ??= await Browser.LaunchAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        if (Api is not null) await Api.DisposeAsync();
        Log?.Dispose();
        if (_kafka is not null) await _kafka.DisposeAsync();
    }

    private static bool IsBuilt => File.Exists(Path.Combine(BuiltDashboard, "index.html"));

    private static string FindBuiltDashboard()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Kappa.Iot.sln"))) folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? AppContext.BaseDirectory, "alert-api", "wwwroot");
    }
}
