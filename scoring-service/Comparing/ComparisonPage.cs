using System.Globalization;
using System.Net;
using System.Text;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService;

/// <summary>A comparison as one HTML file that needs nothing else.</summary>
internal static class ComparisonPage
{
    private const int MostRows = 500;

    private const string Style = """
        body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1c2733;background:#fff}
        h1{font-size:1.5rem} h2{font-size:1.15rem;margin-top:2rem} table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #dbe2ea} th{font-weight:600} td.n{text-align:right}
        .bar{background:#2f6fb0;height:.9rem;display:inline-block;min-width:1px;vertical-align:middle} .note{color:#52616f}
        @media (prefers-color-scheme:dark){body{color:#e3e9ef;background:#14191f} th,td{border-color:#2c3743} .note{color:#9fb0c0} .bar{background:#6aa9e6}}
        """;

    public static string Of(ComparedSide first, ComparedSide second, GenerationComparison comparison, string range)
    {
        var page = new StringBuilder();
        var title = $"{Text(first.Name)} and {Text(second.Name)}";
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{Style}</style>");
        page.Append(CultureInfo.InvariantCulture, $"<h1>{title}</h1><p class=\"note\">Telemetry that both have scored{Text(range)}.</p>");
        AddScores(page, first, second, comparison.Scores);
        AddAlerts(page, "Gained", $"Alerts of {second.Name} that {first.Name} has not.", comparison.With(AlertFate.Gained));
        AddAlerts(page, "Lost", $"Alerts of {first.Name} that {second.Name} has not.", comparison.With(AlertFate.Lost));
        AddAlerts(page, "Moved", "The same vehicle and type, raised at another time.", comparison.With(AlertFate.Moved));
        AddAlerts(page, "Changed", "Raised by the same batch, of another severity or cleared at another time.", comparison.With(AlertFate.Changed));
        page.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">{comparison.With(AlertFate.Same).Count():N0} alerts are the same. Episodes that the log has compacted away on one side are not seen there.</p></html>\n");
        return page.ToString();
    }

    private static void AddScores(StringBuilder page, ComparedSide first, ComparedSide second, ScoreDifferences scores)
    {
        page.Append("<h2>Scores</h2><table>");
        Row("Batches scored by both", scores.Both);
        Row("of these the same to the last bit", scores.Identical);
        Row("of these another score", scores.Different);
        Row($"Scored by {first.Name} only", scores.OnlyFirst);
        Row($"Scored by {second.Name} only", scores.OnlySecond);
        page.Append(CultureInfo.InvariantCulture, $"<tr><th>Largest difference<td class=\"n\">{scores.Max:0.######}<td>{Text(scores.MaxAt)}<tr><th>Mean difference<td class=\"n\">{scores.Mean:0.########}<td></table>");
        page.Append("<h2>Score differences</h2><table><tr><th>Difference<th>Batches<th>");
        for (var i = 0; i < scores.Histogram.Length; i++)
        {
            var name = i == 0 ? "none" : i < ScoreDifferences.Bounds.Count ? string.Create(CultureInfo.InvariantCulture, $"up to {ScoreDifferences.Bounds[i]:0.######}") : "more";
            var width = 100.0 * scores.Histogram[i] / Math.Max(1, scores.Both);
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{name}<td class=\"n\">{scores.Histogram[i]:N0}<td style=\"width:60%\">{(scores.Histogram[i] > 0 ? string.Create(CultureInfo.InvariantCulture, $"<span class=\"bar\" style=\"width:{width:0.##}%\"></span>") : "")}");
        }

        page.Append("</table>");

        void Row(string name, long count) => page.Append(CultureInfo.InvariantCulture, $"<tr><th>{Text(name)}<td class=\"n\">{count:N0}<td>");
    }

    private static void AddAlerts(StringBuilder page, string title, string about, IEnumerable<AlertDifference> alerts)
    {
        var all = alerts.OrderBy(alert => alert.Any.RaisedAtMs).ToList();
        page.Append(CultureInfo.InvariantCulture, $"<h2>{title}: {all.Count:N0}</h2><p class=\"note\">{Text(about)}</p>");
        if (all.Count == 0) return;
        page.Append("<table><tr><th>Vehicle<th>Type<th>Severity<th>Score<th>Raised<th>Cleared");
        foreach (var alert in all.Take(MostRows))
        {
            page.Append(CultureInfo.InvariantCulture,
                $"<tr><td>{Text(alert.Any.Vin)}<td>{alert.Any.Type}<td>{Both(alert, a => a.Severity.ToString())}<td>{Both(alert, a => a.Score.ToString("0.00", CultureInfo.InvariantCulture))}<td>{Both(alert, a => GenerationPlan.Iso(a.RaisedAtMs))}<td>{Both(alert, a => a.ClearedAtMs > 0 ? GenerationPlan.Iso(a.ClearedAtMs) : "open")}");
        }

        page.Append("</table>");
        if (all.Count > MostRows) page.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">The first {MostRows} of {all.Count:N0}.</p>");
    }

    private static string Both(AlertDifference alert, Func<Alert, string> say)
    {
        var (first, second) = (alert.First is { } one ? say(one) : null, alert.Second is { } other ? say(other) : null);
        return Text(first is not null && second is not null && first != second ? $"{first} → {second}" : first ?? second!);
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
