using System.Collections;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Kappa.Iot.ServiceDefaults;

/// <summary>
/// What <c>--help</c> prints: every setting that a service checks at start, with its default and the sentence that documents it in the code.
/// </summary>
internal static class SettingsHelp
{
    public static string Of(string about, WebApplication app)
    {
        var text = new StringBuilder().AppendLine(about).AppendLine()
            .AppendLine("Settings, as --Name value, as environment variables (Kafka__BootstrapServers=...) or in appsettings.json:")
            .AppendLine();
        var urls = app.Configuration[WebHostDefaults.ServerUrlsKey];
        Add(text, "Urls", urls, "Where metrics (/metrics) and health (/health/live, /health/ready) are served, and the API where there is one.");
        foreach (var setting in app.Services.GetServices<SettingsSection>().SelectMany(section => section.Settings))
            Add(text, setting.IsList ? setting.Name + ":0" : setting.Name, setting.Default, XmlDocumentation.SummaryOf(setting.Property));

        return text.AppendLine().Append("Exit codes: 0 stopped, 1 failed (a port is taken), 2 wrong settings.").ToString();
    }

    private static void Add(StringBuilder text, string name, object? value, string? sentence)
    {
        text.AppendLine($"  --{name} {Show(value)}".TrimEnd());
        if (sentence is not null) text.AppendLine(CultureInfo.InvariantCulture, $"      {sentence}");
    }

    private static string? Show(object? value) => value switch
    {
        string word => word,
        TimeSpan time => time.ToString("c", CultureInfo.InvariantCulture),
        IEnumerable => null,
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };
}
