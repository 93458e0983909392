using System.Globalization;
using System.Net;
using System.Text;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Evaluation.Report;

/// <summary>An evaluation as one HTML file that needs nothing else.</summary>
internal sealed class ReportPage
{
    private readonly StringBuilder _html = new();
    private readonly ReportContent _content;

    private ReportPage(ReportContent content) => _content = content;

    private ReportSubject Own => _content.Subjects[0];

    /// <summary>Writes the page.</summary>
    public static string Write(ReportContent content)
    {
        var page = new ReportPage(content);
        page.Open();
        page.Summary();
        page.Detectors();
        page.Plots();
        page.Kinds();
        var trips = ChosenTrip.Choose(page.Own);
        page.Timelines(trips);
        page.Sensors(trips);
        page.Signals();
        page.Method();
        page._html.Append("</main></body></html>\n");
        return page._html.ToString();
    }

    private void Open() => Add($"""
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Evaluation: {Text(Own.Name)} on {Text(_content.Data)}</title>
        <style>{ReportStyle.Css}</style></head><body><main>
        <header><h1>How well the detector finds faults</h1>
        <p>{Text(Own.Name)}, <b>{Text(_content.Model)}</b>, scored on <b>{Text(_content.Data)}</b>:
        {Own.Trips.Count} trips, {Own.Result.Faults} faults, {Hours(Own.Result.NormalHours)} hours without one. Code {Text(_content.Code)}.</p></header>

        """);

    private void Summary()
    {
        Add($"""
            <section class="tiles">
            {Tile("Faults found", Percent(Own.Result.Recall), $"{Own.Result.Found} of {Own.Result.Faults}", Range("recall", Percent))}
            {Tile("False alerts an hour", Own.Result.FalseAlertsPerHour.ToString("0.00", CultureInfo.InvariantCulture), $"{Own.Result.FalseAlerts} in {Hours(Own.Result.NormalHours)} h", Range("false_alerts_per_hour", Two))}
            {Tile("Median delay", Seconds(Own.Result.MedianDelaySeconds), "from the fault's start to the alert", Range("median_delay_s", value => Seconds(value)))}
            {Tile("Average precision", Three(Own.Result.AveragePrecision), "by sample", Range("average_precision", Three))}
            {Tile("ROC AUC", Three(Own.Result.Auc), "by sample", Range("auc", Three))}
            </section>

            """);
        string Range(string figure, Func<double, string> format) =>
            Own.Result.Intervals.TryGetValue(figure, out var range) ? $"95 %: {format(range[0])} to {format(range[1])}" : "";
    }

    private static string Tile(string name, string value, string of, string range) =>
        $"<div class=\"tile\"><div class=\"name\">{name}</div><div class=\"value\">{value}</div><div>{of}</div><div class=\"range\">{range}</div></div>";

    private void Detectors()
    {
        Add("""
            <section><h2>Beside the baseline</h2>
            <div class="scroll"><table><thead><tr><th>Detector</th><th>ROC AUC</th><th>AP</th><th>Faults found</th><th>False alerts/h</th><th>Median delay</th></tr></thead><tbody>

            """);
        for (var i = 0; i < _content.Subjects.Count; i++)
        {
            var (name, result, _) = _content.Subjects[i];
            string Cell(string figure, double? value, Func<double, string> format) =>
                $"<td>{(value is { } known ? format(known) : "none")}{(result.Intervals.TryGetValue(figure, out var range) ? $"<small>{format(range[0])} to {format(range[1])}</small>" : "")}</td>";
            Add($"<tr><th>{Key(i)}{Text(name)}</th>{Cell("auc", result.Auc, Three)}{Cell("average_precision", result.AveragePrecision, Three)}{Cell("recall", result.Recall, Percent)}"
                + $"{Cell("false_alerts_per_hour", result.FalseAlertsPerHour, Two)}{Cell("median_delay_s", result.MedianDelaySeconds, value => Seconds(value))}</tr>\n");
        }
        Add("</tbody></table></div><p class=\"note\">In grey: the range that 95 % of the resampled sets of trips fall into.</p></section>\n");
    }

    private void Plots()
    {
        var legend = string.Concat(_content.Subjects.Select((subject, i) => $"<span>{Key(i)}{Text(subject.Name)}</span>"));
        Add($"""
            <section><h2>Over all thresholds, and over time</h2><p class="legend">{legend}</p><div class="plots">
            <figure>{ReportPlots.PrecisionRecall(_content.Subjects)}<figcaption>Precision and recall, by sample.</figcaption></figure>
            <figure>{ReportPlots.Roc(_content.Subjects)}<figcaption>ROC, by sample; dashed: chance.</figcaption></figure>
            <figure>{ReportPlots.Delays(_content.Subjects)}<figcaption>How many faults are found how soon, at the calibrated threshold.</figcaption></figure>
            </div></section>

            """);
    }

    private void Kinds()
    {
        Add("<section><h2>By kind of fault</h2><div class=\"scroll\"><table><thead><tr><th>Fault</th>");
        foreach (var subject in _content.Subjects) Add($"<th>{Text(subject.Name)}: found</th><th>median delay</th>");
        Add("<th class=\"words\">Alerts name most</th></tr></thead><tbody>\n");
        foreach (var (kind, own) in Own.Result.Kinds)
        {
            Add($"<tr><th>{Text(ChosenTrip.Words(kind))}</th>");
            foreach (var subject in _content.Subjects)
            {
                var result = subject.Result.Kinds[kind];
                Add($"<td>{Bar(result.Found / (double)result.Faults)}{result.Found}/{result.Faults}</td><td>{Seconds(result.MedianDelaySeconds)}</td>");
            }
            var named = SignalShares.OfAlerts(Own, kind).Take(2).Select(part => $"{Label(part.Signal)} {Percent(part.Share)}");
            Add($"<td class=\"words\">{(own.Found == 0 ? "–" : string.Join(", ", named))}</td></tr>\n");
        }
        Add("</tbody></table></div></section>\n");
    }

    private void Timelines(IReadOnlyList<ChosenTrip> trips)
    {
        Add("""
            <section><h2>Trips</h2>
            <p class="legend"><span><i style="background:#2563eb"></i>score</span><span><i class="fault"></i>fault</span><span><i class="dashed"></i>threshold</span><span><i style="background:#dc2626"></i>alert raised</span></p>

            """);
        for (var i = 0; i < trips.Count; i++)
            Add($"<figure><h3>{trips[i].Heading}</h3><figcaption>{Text(trips[i].Story)}</figcaption><div class=\"scroll wide\">{ReportPlots.Timeline(trips[i], $"trip{i}")}</div></figure>\n");
        Add("</section>\n");
    }

    private void Sensors(IReadOnlyList<ChosenTrip> trips)
    {
        var shown = trips.Where(trip => trip.Fault is not null && trip.Trip.Alerts.Count > 0).Take(3)
            .Select(trip => (Trip: trip, Signal: SignalShares.Of(trip.Trip.Alerts).Select(part => SignalCatalogue.Find(part.Signal)).FirstOrDefault()))
            .Where(pair => pair.Signal is not null).ToList();
        if (shown.Count == 0) return;
        Add("""
            <section><h2>Virtual sensors against reality</h2><p>What the signal that the alert names most was, and what the model expected it to be from all the other signals.</p>
            <p class="legend"><span><i style="background:#2563eb"></i>observed</span><span><i style="background:#0d9488"></i>expected</span><span><i class="fault"></i>fault</span><span><i style="background:#dc2626"></i>alert raised</span></p>

            """);
        for (var i = 0; i < shown.Count; i++)
            Add($"<figure><h3>{Text(shown[i].Signal!.Label)}</h3><figcaption>{Text(shown[i].Trip.Story)}</figcaption><div class=\"scroll wide\">{ReportPlots.Sensor(shown[i].Trip, shown[i].Signal!, $"sensor{i}")}</div></figure>\n");
        Add("</section>\n");
    }

    private void Signals()
    {
        var shares = SignalShares.OfFaults(Own).ToList();
        if (shares.Count == 0) return;
        Add("<section><h2>Which signals matter</h2><p>Mean share of each signal in the scores above the threshold while there was a fault. Shares add up to the score.</p><div class=\"scroll\"><table class=\"shares\"><tbody>\n");
        foreach (var (signal, share) in shares)
            Add($"<tr><th>{Label(signal)}</th><td>{Bar(share / shares[0].Share)}</td><td>{Percent(share)}</td></tr>\n");
        Add("</tbody></table></div></section>\n");
    }

    private void Method() => Add("""
        <section><h2>How it was measured</h2><ul>
        <li>Detectors and their thresholds come from their training data alone. What is scored is played batch by batch through the code that scores live.</li>
        <li>By sample: every sample has the score of its batch, and is odd if it lies within a fault. By event: a fault is found if an alert is raised from its start to a minute after its end; alerts at other times are false.</li>
        <li>A score of 0.5 is the threshold. An alert stays open until five quiet minutes have passed.</li>
        <li>Ranges: trips are drawn with replacement 500 times, whole trips at a time, and all figures are measured again.</li>
        </ul></section>

        """);

    private void Add(string html) => _html.Append(html);

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Label(uint signal) => Text(SignalCatalogue.Find(signal)?.Label ?? signal.ToString(CultureInfo.InvariantCulture));

    private static string Key(int detector) => $"<i style=\"background:{ReportPlots.Colors[detector % ReportPlots.Colors.Count]}\"></i>";

    private static string Bar(double share) => string.Create(CultureInfo.InvariantCulture, $"<span class=\"bar\"><span style=\"width:{share * 100:0}%\"></span></span>");

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0}\u00a0%");

    private static string Two(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Three(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Hours(double hours) => hours.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Seconds(double? seconds) => seconds is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known:0}\u00a0s") : "–";
}
