using System.Globalization;
using System.Text.RegularExpressions;
using Kappa.Iot.ScoringService.Commands;
using Kappa.Iot.Terminal;
using Microsoft.Extensions.Time.Testing;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>What a reprocessing says of how far it is, where nobody sits at a terminal.</summary>
public sealed partial class ProgressTests(TestLog log)
{
    [Theory]
    [InlineData(0)]
    [InlineData(4_000)] // one that is continued
    public void Lines_rise_to_100_percent_and_the_estimates_are_those_of_the_rate_of_this_run(long before)
    {
        const long Total = 100_000, Second = 997;
        var (people, time) = (new StringWriter(CultureInfo.InvariantCulture), new FakeTimeProvider());
        var shown = new ReprocessScreen(Screen.On(TextWriter.Null, people), time);
        for (var done = before; ; done = Math.Min(Total, done + (Second / 2)))
        {
            shown.Report(new ReprocessProgress(done, Total));
            if (done == Total) break;
            time.Advance(TimeSpan.FromMilliseconds(500));
        }

        var lines = Read(people.ToString());
        AssertRise(lines, Total);
        Assert.InRange(lines.Count, 15, 25); // one every five seconds, of a minute and forty
        foreach (var line in lines)
        {
            Assert.InRange(line.Rate!.Value, Second - 20, Second + 20);
            Assert.InRange(line.Left!.Value.TotalSeconds, ((Total - line.Done) / (double)Second) - 3, ((Total - line.Done) / (double)Second) + 3);
        }

        Assert.Equal((before, Total, TimeSpan.Zero), (shown.Before, shown.Done, lines[^1].Left));
        Assert.InRange(shown.Took.TotalSeconds, (Total - before) / (double)Second - 1, ((Total - before) / (double)Second) + 1);
    }

    [Fact]
    public void A_run_is_not_at_100_percent_before_it_is_done()
    {
        var (people, time) = (new StringWriter(CultureInfo.InvariantCulture), new FakeTimeProvider());
        var shown = new ReprocessScreen(Screen.On(TextWriter.Null, people), time);
        foreach (var done in (long[])[0, 500, 999, 1_000])
        {
            time.Advance(TimeSpan.FromSeconds(6));
            shown.Report(new ReprocessProgress(done, 1_000));
        }

        Assert.Equal([0, 50, 99, 100], Read(people.ToString()).Select(line => line.Percent));
    }

    [Fact]
    public async Task A_reprocessing_ends_at_100_percent_of_the_records_it_was_to_score()
    {
        const int Vehicles = 5, Batches = 40;
        var scenario = await Scenario.CreateAsync(log, 2);
        var model = await log.PromoteAsync(scenario.Name);
        log.Write(scenario.Telemetry, new Fleet(scenario.Name, Vehicles, seed: 95).Batches(Batches));
        var live = await scenario.CreateScoringAsync("live");
        await using var command = live.Command(null, "reprocess", "--model", model, "--from", "2025-10-09T08:00:00Z", "--generation", $"p{Guid.NewGuid():N}"[..12], "--batch", "1", "--workers", "1");
        AssertRise(Read(await command.WaitAsync()), Vehicles * Batches);
    }

    private static void AssertRise(List<Line> lines, long total)
    {
        Assert.NotEmpty(lines);
        Assert.All(lines, line => Assert.Equal(total, line.Total));
        Assert.Equal(lines.Select(line => (line.Percent, line.Done)).Order(), lines.Select(line => (line.Percent, line.Done)));
        Assert.Equal((100, total), (lines[^1].Percent, lines[^1].Done));
    }

    private static List<Line> Read(string output) => [.. Lines().Matches(output).Select(match => new Line(
        int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), Number(match.Groups[2]), Number(match.Groups[3]),
        match.Groups[4].Success ? Number(match.Groups[4]) : null, match.Groups[5].Success ? TimeSpan.Parse(match.Groups[5].Value, CultureInfo.InvariantCulture) : null))];

    private static long Number(Group group) => long.Parse(group.Value, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(\d+) %: ([\d,]+) of ([\d,]+) records(?:, ([\d,]+)/s, about ([\d:.]+) left)?\r?$", RegexOptions.Multiline)]
    private static partial Regex Lines();

    private sealed record Line(int Percent, long Done, long Total, long? Rate, TimeSpan? Left);
}
