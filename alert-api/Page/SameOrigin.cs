using Microsoft.Extensions.Options;

namespace Kappa.Iot.AlertApi.Page;

/// <summary>
/// Keeps pages of other origins from using the API through somebody's browser. Browsers hold back answers without CORS headers, but
/// not WebSockets; so whatever changes something or stays open must come from our own origin, or from one that the settings allow.
/// </summary>
internal static class SameOrigin
{
    public static void UseSameOrigin(this WebApplication app)
    {
        var allowed = app.Services.GetRequiredService<IOptions<PageOptions>>().Value.AllowedOrigins;
        app.Use(async (context, next) =>
        {
            var request = context.Request;
            var origin = request.Headers.Origin.ToString();
            var safe = HttpMethods.IsGet(request.Method) && !request.Path.StartsWithSegments("/hubs");
            if (origin.Length == 0 || safe || allowed.Contains(origin, StringComparer.OrdinalIgnoreCase) || IsOwn(origin, request.Host))
            {
                await next(context);
                return;
            }

            await TypedResults.Problem(
                $"Pages of {origin} may not use this API. To let them, add it to Page:AllowedOrigins.",
                statusCode: StatusCodes.Status403Forbidden, title: "Other origin").ExecuteAsync(context);
        });
    }

    private static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(host.Value, StringComparison.OrdinalIgnoreCase);
}
