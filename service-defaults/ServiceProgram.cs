using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>
/// Runs a service from start to end the way all of ours run: <c>--help</c>, settings checked before anything is made of them, one line
/// for what an operator can mend, exit codes 0 (stopped), 1 (failed) and 2 (wrong settings).
/// </summary>
public static class ServiceProgram
{
    /// <summary>What every service is built from. Its <c>appsettings.json</c> is the one beside the program, wherever it is started.</summary>
    public static WebApplicationBuilder CreateBuilder(string[] args) =>
        WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

    /// <summary>Runs a service.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="about">What the service does, in one sentence; stands first in the help.</param>
    /// <param name="build">Puts the service together.</param>
    /// <param name="ports">The settings that choose its ports.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args, string about, Func<string[], WebApplication> build, string ports = "--Urls")
    {
        var help = args.Any(argument => argument is "--help" or "-h" or "-?");
        var stopping = CancellationToken.None;
        try
        {
            await using var app = build(help ? [] : args);
            if (help)
            {
                Console.WriteLine(SettingsHelp.Of(about, app));
                return 0;
            }

            if (UnknownArguments.In(args, app.Services.GetServices<SettingsSection>()).ToList() is { Count: > 0 } unknown) return Wrong(unknown);
            app.Services.GetService<IStartupValidator>()?.Validate();
            stopping = app.Lifetime.ApplicationStopping;
            await StartAsync(app);
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (Exception e) when (WrongSettings.Of(e) is { Count: > 0 } wrong)
        {
            return Wrong(wrong);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidOperationException { Source: "Microsoft.Extensions.Configuration.Binder" })
        {
            Console.Error.WriteLine($"A setting is wrong (see --help): {e.Message}");
            return 2;
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            Console.Error.WriteLine($"{e.Message} Stop what has the port, or choose another one: {ports}.");
            return 1;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return 0; // told to stop while it was starting
        }
    }

    /// <summary>Where a port is taken, what has started already is stopped in order: just disposed of, it would log its cancellation as a failure.</summary>
    private static async Task StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            try
            {
                await app.StopAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                // A call to a log that is away is not waited for.
            }

            throw;
        }
    }

    private static int Wrong(IReadOnlyList<string> settings)
    {
        Console.Error.WriteLine("These settings are wrong (see --help):");
        foreach (var failure in settings) Console.Error.WriteLine($"  {failure}");
        return 2;
    }
}
