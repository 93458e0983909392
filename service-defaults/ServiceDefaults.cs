using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>What every service starts with: telemetry, health, logging, a bounded shutdown.</summary>
public static class ServiceDefaults
{
    /// <summary>Every meter and activity source of ours has a name under this prefix.</summary>
    private const string OurTelemetry = "Kappa.Iot.*";

    /// <summary>What the libraries say that we say better.</summary>
    private static readonly Dictionary<string, string?> LogLevels = new()
    {
        ["Logging:LogLevel:Microsoft.AspNetCore"] = nameof(LogLevel.Warning),
        // Failed checks stand in the answer of /health/ready, and who finds something wrong logs it once, not at every poll.
        ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = nameof(LogLevel.None),
        // A start that failed is explained by ServiceProgram.
        ["Logging:LogLevel:Microsoft.Extensions.Hosting.Internal.Host"] = nameof(LogLevel.Critical),
    };

    /// <summary>
    /// Adds logging on one line a message, metrics (Prometheus at <c>/metrics</c>, OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set),
    /// health checks and a drain time of <c>Shutdown:Timeout</c>.
    /// </summary>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder, string serviceName)
    {
        builder.Logging.ClearProviders().AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.UseUtcTimestamp = true;
        });
        // First of all sources, so that any other overrides it.
        ((IConfigurationBuilder)builder.Configuration).Sources.Insert(0, new MemoryConfigurationSource { InitialData = LogLevels });

        var shutdown = builder.AddCheckedOptions<ShutdownOptions>(ShutdownOptions.Section);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = shutdown.Timeout);
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), tags: [Health.Live]);
        if (builder.Configuration.GetValue(ChildLifetime.Switch, false)) builder.Services.AddSingleton<IHostLifetime, ChildLifetime>();
        builder.AddTelemetry(serviceName);
        return builder;
    }

    /// <summary>Listens here unless the settings, the environment or the command line name an address or a port.</summary>
    public static WebApplicationBuilder UseDefaultAddress(this WebApplicationBuilder builder, string address)
    {
        string[] settings = ["urls", "http_ports", "https_ports"];
        if (settings.All(setting => string.IsNullOrEmpty(builder.Configuration[setting]))) builder.WebHost.UseUrls(address);
        return builder;
    }

    /// <summary>Maps <c>/metrics</c>, <c>/health/live</c> (the process works) and <c>/health/ready</c> (it can do its job).</summary>
    public static WebApplication MapServiceDefaults(this WebApplication app)
    {
        app.MapPrometheusScrapingEndpoint();
        app.MapHealth("/health/live", check => check.Tags.Contains(Health.Live));
        app.MapHealth("/health/ready", check => !check.Tags.Contains(Health.Live) || check.Tags.Contains(Health.Ready));
        return app;
    }

    private static void MapHealth(this WebApplication app, string path, Func<HealthCheckRegistration, bool> which) =>
        app.MapHealthChecks(path, new HealthCheckOptions { Predicate = which, ResponseWriter = HealthText.WriteAsync });

    private static void AddTelemetry(this WebApplicationBuilder builder, string serviceName)
    {
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(serviceName))
            .WithMetrics(metrics => metrics
                .AddMeter(OurTelemetry)
                .AddAspNetCoreInstrumentation()
                .AddRuntimeInstrumentation()
                .AddPrometheusExporter());
        builder.Services.ConfigureOpenTelemetryMeterProvider(static (services, metrics) => metrics.OnlyOf(services.GetRequiredService<IMeterFactory>()));

        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
        {
            telemetry
                .WithMetrics(metrics => metrics.AddOtlpExporter())
                .WithTracing(traces => traces.AddSource(OurTelemetry).AddAspNetCoreInstrumentation().AddOtlpExporter());
        }
    }

    /// <summary>
    /// Leaves out what other services in this process measure. The metrics library knows meters by name only: it would add theirs to this
    /// one's, and stop counting once one of them is disposed.
    /// </summary>
    private static void OnlyOf(this MeterProviderBuilder metrics, IMeterFactory own) =>
        metrics.AddView(instrument => instrument.Meter.Scope is IMeterFactory maker && maker != own ? MetricStreamConfiguration.Drop : null);
}
