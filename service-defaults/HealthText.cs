using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>The answer of <c>/health/…</c>: a line with the status, then one for each check that fails, with its reason.</summary>
internal static class HealthText
{
    public static Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        var failing = report.Entries.Where(check => check.Value.Status != HealthStatus.Healthy)
            .Select(check => $"\n{check.Key}: {check.Value.Description ?? check.Value.Exception?.Message ?? check.Value.Status.ToString()}");
        return context.Response.WriteAsync($"{report.Status}{string.Concat(failing)}", context.RequestAborted);
    }
}
