using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Kappa.Iot.AlertApi.Running;

/// <summary>The real alert-api in this process, on a free port.</summary>
public sealed class RunningApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string? _folder;

    private RunningApi(WebApplication app, string? folder)
    {
        _app = app;
        _folder = folder;
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(60) };
    }

    public Uri Address { get; }

    public HttpClient Client { get; }

    public IServiceProvider Services => _app.Services;

    /// <param name="kafka">The log's address.</param>
    /// <param name="twins">The twin store; by default an empty one in a temporary folder.</param>
    /// <param name="settings">More settings, such as <c>--Page:Root=…</c>.</param>
    public static async Task<RunningApi> StartAsync(string kafka, string? twins = null, params string[] settings)
    {
        var folder = twins is null ? Directory.CreateTempSubdirectory("alert-api-").FullName : null;
        string[] args =
        [
            "--urls=http://127.0.0.1:0",
            $"--Kafka:BootstrapServers={kafka}",
            $"--Twins:ConnectionString={twins ?? $"sqlite:{Path.Combine(folder!, "twins.db")}"}",
            "--AlertApi:PushInterval=00:00:00.200",
            "--Logging:LogLevel:Default=Warning",
            .. settings,
        ];
        var app = AlertApiApplication.Build(args);
        await app.StartAsync();
        return new RunningApi(app, folder);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        if (_folder is null) return;
        Directory.Delete(_folder, recursive: true);
    }
}
