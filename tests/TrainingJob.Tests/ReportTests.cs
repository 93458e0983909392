using System.Text.RegularExpressions;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed partial class ReportTests
{
    [Fact]
    public async Task A_report_is_one_page_that_asks_for_nothing_and_shows_the_fault_the_alert_and_both_detectors()
    {
        using var folder = new TraceFolder();
        var file = folder.PathOf("out.html");
        var run = await Run.Of("evaluate", "--train", folder.Train, "--test", folder.Test, "--labels", folder.Labels, "--report", file, "--effort", "quick");
        Assert.True(run.ExitCode == 0, run.People);
        var html = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);

        Assert.DoesNotMatch("""(src|href)\s*=|@import|<script|<link""", html);
        Assert.Empty(Address().Matches(html).Select(match => match.Value).Where(address => address != "http://www.w3.org/2000/svg").Distinct());
        var ids = Id().Matches(html).Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(ids);
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(Reference().Matches(html), match => Assert.Contains(match.Groups[1].Value, ids));

        foreach (var part in (string[])["virtual-sensors", "randomized-pca", "hot engine in broken: an alert of type", "1/1", "whole: a normal trip, and no alert", "<h3>Coolant temperature</h3>", "95 %"])
            Assert.Contains(part, html, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", html, StringComparison.Ordinal);
        // Two trips, a sensor, and three curves.
        Assert.Equal(6, Regex.Count(html, "<svg "));
    }

    [Fact]
    public async Task A_report_without_labels_is_wrong_usage()
    {
        var run = await Run.Of("evaluate", "--train", ".", "--test", ".", "--report", "out.html");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--labels", run.People, StringComparison.Ordinal);
    }

    [GeneratedRegex("""https?://[^"'\s<]+""")]
    private static partial Regex Address();

    [GeneratedRegex("\\sid=\"([^\"]+)\"")]
    private static partial Regex Id();

    [GeneratedRegex("""url\(#([^)]+)\)""")]
    private static partial Regex Reference();
}
