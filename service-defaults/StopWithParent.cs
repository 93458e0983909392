using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>
/// With <c>KAPPA_STOP_ON_STDIN_CLOSE=true</c> a service stops cleanly when its standard input ends: whoever started it can stop it
/// so on every operating system, and it never outlives a parent that died.
/// </summary>
internal sealed class StopWithParent(IConfiguration settings, IHostApplicationLifetime lifetime) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!bool.TryParse(settings["KAPPA_STOP_ON_STDIN_CLOSE"], out var wanted) || !wanted) return Task.CompletedTask;

        // Reading the console cannot be cancelled, so it has a thread of its own that does not keep the process alive.
        var reader = new Thread(() =>
        {
            while (Console.In.ReadLine() is not null) { }
            lifetime.StopApplication();
        })
        { IsBackground = true, Name = "stop with parent" };
        reader.Start();
        return Task.CompletedTask;
    }
}
