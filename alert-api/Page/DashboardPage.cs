using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Kappa.Iot.AlertApi.Page;

/// <summary>Serves the built dashboard; where there is none, a page that says how to get it.</summary>
internal static class DashboardPage
{
    private const string Missing = """
        <!doctype html><html lang="en"><meta charset="utf-8"><title>Kappa.Iot</title>
        <body style="font:16px/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem">
        <h1>The dashboard is not built</h1>
        <p>The API works: see <a href="/openapi/v1.json">/openapi/v1.json</a> and <a href="/api/fleet">/api/fleet</a>.</p>
        <p>The page needs Node.js (20.19 or later) once, at build time. Install it from nodejs.org or your system's packages, then:</p>
        <pre>dotnet build alert-api</pre>
        <p>and start the API again. To build the page by hand: <code>npm ci &amp;&amp; npm run build</code> in <code>dashboard/</code>.</p>
        </body></html>
        """;

    public static void UseDashboard(this WebApplication app)
    {
        var page = app.Services.GetRequiredService<IOptions<PageOptions>>().Value;
        var policy = Policy(page);
        app.Use((context, next) =>
        {
            context.Response.Headers.XContentTypeOptions = "nosniff";
            context.Response.Headers.ContentSecurityPolicy = policy;
            context.Response.Headers["Referrer-Policy"] = "no-referrer";
            return next(context);
        });

        var files = Root(page) is { } root ? new PhysicalFileProvider(root) : null;
        if (files is null) app.Logger.NoDashboard();
        else app.UseStaticFiles(new StaticFileOptions { FileProvider = files, OnPrepareResponse = KeepHashedFiles });

        app.MapGet("/api/page", () => TypedResults.Ok(new PageSettings(page.TilesUrl, page.TilesAttribution)))
            .WithTags("Page").WithName("GetPageSettings").WithSummary("Settings of the dashboard");
        app.MapFallback("/api/{**path}", (string? path) => TypedResults.Problem(
            $"There is nothing at /api/{path}. /openapi/v1.json says what there is.", statusCode: StatusCodes.Status404NotFound, title: "No such resource")).ExcludeFromDescription();
        app.MapFallback((HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-cache";
            return files?.GetFileInfo("index.html") is { Exists: true } index
                ? Results.Stream(index.CreateReadStream(), "text/html; charset=utf-8")
                : Results.Content(Missing, "text/html; charset=utf-8");
        }).ExcludeFromDescription();
    }

    private static string? Root(PageOptions page)
    {
        var folder = page.Root is { } given ? Path.GetFullPath(given) : Path.Combine(AppContext.BaseDirectory, "wwwroot");
        return File.Exists(Path.Combine(folder, "index.html")) ? folder : null;
    }

    /// <summary>The page may load from here, and from the tile server that was set.</summary>
    private static string Policy(PageOptions page) =>
        $"default-src 'self'; img-src 'self' data: {page.TilesOrigin}; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Files under assets/ have a hash of their content in their names.</summary>
    private static void KeepHashedFiles(Microsoft.AspNetCore.StaticFiles.StaticFileResponseContext context) =>
        context.Context.Response.Headers[HeaderNames.CacheControl] =
            context.Context.Request.Path.StartsWithSegments("/assets") ? "public, max-age=31536000, immutable" : "no-cache";
}
