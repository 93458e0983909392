using System.Globalization;
using System.Text.RegularExpressions;
using ScottPlot;

namespace Kappa.Iot.TrainingJob.Evaluation.Report;

/// <summary>A plot as SVG that stands in a page among others: it scales, its ids are its own, its text is set by the reader's browser.</summary>
internal static partial class InlineSvg
{
    /// <summary>Draws a plot.</summary>
    /// <param name="plot">The plot.</param>
    /// <param name="id">Unlike that of any other plot of the page.</param>
    /// <param name="label">What it shows, for those who do not see it.</param>
    /// <param name="width">In pixels; what the page gives it may be less.</param>
    /// <param name="height">In pixels.</param>
    public static string Of(Plot plot, string id, string label, int width, int height)
    {
        var svg = plot.GetSvgXml(width, height);
        svg = svg[svg.IndexOf("<svg", StringComparison.Ordinal)..];
        svg = svg[svg.IndexOf('>', StringComparison.Ordinal)..];
        svg = svg.Replace("id=\"cl_", $"id=\"{id}-", StringComparison.Ordinal).Replace("url(#cl_", $"url(#{id}-", StringComparison.Ordinal);
        svg = Text().Replace(svg, Anchor);
        return $"<svg role=\"img\" aria-label=\"{System.Net.WebUtility.HtmlEncode(label)}\" viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" xmlns=\"http://www.w3.org/2000/svg\"{svg}";
    }

    /// <summary>
    /// Text comes with a place for each letter of the font that was at hand. Here it gets one place, at its start, middle or end, so that it
    /// looks right in any font.
    /// </summary>
    private static string Anchor(Match match)
    {
        var size = double.Parse(match.Groups["size"].ValueSpan, CultureInfo.InvariantCulture);
        var places = match.Groups["x"].Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(place => double.Parse(place, CultureInfo.InvariantCulture)).ToArray();
        var width = places.Length > 1 ? (places[^1] - places[0]) * places.Length / (places.Length - 1) : size * 0.6;
        var before = width > 0 ? -places[0] / width : 0;
        var (anchor, x) = before switch { < 0.25 => ("start", places[0]), > 0.75 => ("end", places[0] + width), _ => ("middle", places[0] + width / 2) };
        var y = match.Groups["y"].Value.Split(',')[0].Trim();
        var transform = match.Groups["transform"].Value;
        return string.Create(CultureInfo.InvariantCulture, $"<text {match.Groups["color"].Value}transform=\"{transform}\" font-size=\"{size}\" text-anchor=\"{anchor}\" x=\"{x:0.#}\" y=\"{y}\">");
    }

    [GeneratedRegex("""<text (?<color>fill="[^"]*" )?transform="(?<transform>[^"]*)" font-size="(?<size>[^"]*)"[^>]*? x="(?<x>[^"]*)" y="(?<y>[^"]*)"[^>]*>""")]
    private static partial Regex Text();
}
