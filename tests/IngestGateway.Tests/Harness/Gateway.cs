using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>The real gateway, in this process, on ports of its own.</summary>
internal sealed class Gateway : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _http;

    private Gateway(WebApplication app)
    {
        _app = app;
        Port = app.Services.GetRequiredService<MqttAddress>().EndPoint.Port;
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single(a => !a.EndsWith($":{Port}", StringComparison.Ordinal));
        _http = new HttpClient { BaseAddress = new Uri(address) };
    }

    public int Port { get; }

    public InFlightGate InFlight => _app.Services.GetRequiredService<InFlightGate>();

    public static async Task<Gateway> StartAsync(TestLog log, params string[] settings)
    {
        var gateway = await StartWithoutLogAsync(log, settings);
        await gateway.WaitUntilReadyAsync();
        return gateway;
    }

    public static async Task<Gateway> StartWithoutLogAsync(TestLog log, params string[] settings)
    {
        if (log.Missing is { } missing) Assert.Skip(missing);
        var app = GatewayHost.Build([
            "--Mqtt:Port=0", "--Urls=http://127.0.0.1:0", $"--Kafka:BootstrapServers={log.BootstrapServers}", "--Kafka:Partitions=3",
            "--Logging:LogLevel:Default=Warning", .. settings]);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new Gateway(app);
    }

    public async Task WaitUntilReadyAsync()
    {
        var until = DateTime.UtcNow + TimeSpan.FromMinutes(2);
        while (true)
        {
            using var answer = await _http.GetAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken);
            if (answer.IsSuccessStatusCode) return;
            if (DateTime.UtcNow > until) throw new TimeoutException("The gateway is not ready: " + await answer.Content.ReadAsStringAsync());
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    public async Task<bool> IsReadyAsync()
    {
        using var answer = await _http.GetAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>A metric's value, summed over the series that have all the labels; 0 where there is none.</summary>
    public async Task<double> MetricAsync(string name, params string[] labels)
    {
        var text = await _http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        return text.Split('\n')
            .Where(line => line.StartsWith(name + "{", StringComparison.Ordinal) && labels.All(label => line.Contains(label, StringComparison.Ordinal)))
            .Sum(line => double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until a metric has a value; metrics are scraped a little later than things happen.</summary>
    public async Task ExpectMetricAsync(double expected, string name, params string[] labels)
    {
        var until = DateTime.UtcNow + TimeSpan.FromSeconds(30);
        double seen;
        while ((seen = await MetricAsync(name, labels)) != expected && DateTime.UtcNow < until) await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Equal(expected, seen);
    }

    public Task StopAsync() => _app.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
