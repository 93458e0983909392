using FsCheck;
using FsCheck.Fluent;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection.Tests;

public sealed class AlertEpisodesTests
{
    private readonly AlertEpisodes _episodes = new("V1");
    private long _offset;

    [Fact]
    public void Apply_AtTheThreshold_RaisesOnce()
    {
        Assert.Empty(Next(0.49f, (5, 0.49f)));
        var alert = Assert.Single(Next(0.5f, (5, 0.5f)));
        Assert.Equal((AlertStatus.Active, AlertType.Cooling, Severity.Warning), (alert.Status, alert.Type, alert.Severity));
        Assert.Equal((1L, 1L), (alert.FirstOffset, alert.LastOffset));
        Assert.Empty(Next(0.55f, (5, 0.55f)));
        Assert.Empty(Next(0.45f, (5, 0.45f)));
        Assert.Empty(Next(0.55f, (5, 0.55f)));
    }

    [Fact]
    public void Apply_FiveQuietMinutes_Clears()
    {
        var raised = Assert.Single(Next(0.6f, (5, 0.6f)));
        for (var i = 0; i < 29; i++) Assert.Empty(Next(0.1f, (5, 0.1f)));
        var cleared = Assert.Single(Next(0.1f, (5, 0.1f)));
        Assert.Equal((AlertStatus.Cleared, raised.AlertId), (cleared.Status, cleared.AlertId));
        Assert.Equal(300_000, cleared.ClearedAtMs - raised.RaisedAtMs);
    }

    [Fact]
    public void Apply_RaisedAgainWithinTenMinutes_GoesOnWithTheEpisode()
    {
        var raised = Assert.Single(Next(0.6f, (5, 0.6f)));
        for (var round = 0; round < 3; round++)
        {
            var cleared = Assert.Single(Enumerable.Range(0, 30).SelectMany(_ => Next(0.1f, (5, 0.1f))));
            Assert.Equal((AlertStatus.Cleared, raised.AlertId), (cleared.Status, cleared.AlertId));
            for (var i = 0; i < 59; i++) Assert.Empty(Next(0.1f, (5, 0.1f)));
            var again = Assert.Single(Next(0.6f, (5, 0.6f)));
            Assert.Equal((AlertStatus.Active, raised.AlertId, raised.RaisedAtMs, 0L), (again.Status, again.AlertId, again.RaisedAtMs, again.ClearedAtMs));
            Assert.Equal(_offset - 1, again.LastOffset);
        }
    }

    [Fact]
    public void Apply_RaisedAgainLater_IsAnotherEpisode()
    {
        var raised = Assert.Single(Next(0.6f, (5, 0.6f)));
        Assert.Single(Enumerable.Range(0, 90).SelectMany(_ => Next(0.1f, (5, 0.1f))));
        Assert.Empty(Next(0.1f, (5, 0.1f)));
        var again = Assert.Single(Next(0.6f, (5, 0.6f)));
        Assert.NotEqual(raised.AlertId, again.AlertId);
        Assert.Equal(again.LastSeenMs, again.RaisedAtMs);
    }

    [Fact]
    [Trait("Invariant", "5")]
    public void Apply_RestoredBetweenClearingAndRaising_GoesOnAsWithoutThat()
    {
        var scores = Enumerable.Range(0, 400).Select(i => Score(i % 50 < 3 ? 0.7f : 0.1f, i, (5, i % 50 < 3 ? 0.7f : 0.1f))).ToList();
        var expected = Replay(scores);
        Assert.Single(expected.Select(a => a.AlertId).Distinct());
        Assert.Equal(8, expected.Count(a => a.Status == AlertStatus.Cleared));
        var episodes = new AlertEpisodes("V1");
        var restored = new List<Alert>();
        for (var i = 0; i < scores.Count; i++)
        {
            restored.AddRange(episodes.Apply(scores[i], Time(i + 1), 2));
            using var stream = new MemoryStream();
            using (var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true)) episodes.Save(writer);
            stream.Position = 0;
            using var reader = new BinaryReader(stream);
            episodes = AlertEpisodes.Restore("V1", reader);
            Assert.Equal(stream.Length, stream.Position);
        }

        Assert.Equal(expected, restored);
    }

    [Fact]
    public void Apply_ScoreThatWavers_KeepsTheEpisodeOpen()
    {
        Next(0.6f, (5, 0.6f));
        for (var i = 0; i < 200; i++) Assert.DoesNotContain(Next(i % 20 == 0 ? 0.4f : 0.1f, (5, i % 20 == 0 ? 0.4f : 0.1f)), a => a.Status == AlertStatus.Cleared);
    }

    [Fact]
    public void Apply_WhatCannotBeJudged_IsNeitherOddNorQuiet()
    {
        Next(0.6f, (5, 0.6f));
        for (var i = 0; i < 100; i++) Assert.Empty(Next(0));
    }

    [Fact]
    public void Apply_HigherScoreOrLongTime_RaisesSeverity()
    {
        Next(0.5f, (5, 0.5f));
        Assert.Equal(Severity.Minor, Assert.Single(Next(0.7f, (5, 0.7f))).Severity);
        Assert.Equal(Severity.Critical, Assert.Single(Next(0.95f, (5, 0.95f))).Severity);
        Assert.Empty(Next(0.6f, (5, 0.6f)));

        var lasting = new AlertEpisodes("V2");
        var severities = Enumerable.Range(0, 100).SelectMany(i => lasting.Apply(Score(0.55f, i, (5, 0.55f)), Time(i + 1), 0)).Select(a => a.Severity);
        Assert.Equal([Severity.Warning, Severity.Minor, Severity.Major], severities);
    }

    [Fact]
    public void Apply_OneCauseInTwoSystems_RaisesOneAlert()
    {
        Assert.Single(Next(0.7f, (5, 0.4f), (18, 0.3f)));
        for (var i = 0; i < 10; i++) Assert.Empty(Next(0.7f, (18, 0.4f), (5, 0.3f)));
    }

    [Fact]
    public void Apply_AnotherSystemInItsOwnRight_RaisesAnotherAlert()
    {
        Next(0.6f, (5, 0.6f));
        Assert.Empty(Next(0.7f, (40, 0.65f)));
        Assert.Empty(Next(0.7f, (40, 0.65f)));
        Assert.Equal(AlertType.Tyres, Assert.Single(Next(0.7f, (40, 0.65f))).Type);
        Assert.Equal([AlertType.Cooling, AlertType.Tyres], _episodes.Open);
    }

    [Fact]
    [Trait("Invariant", "6")]
    public void There_is_never_more_than_one_open_alert_of_a_type_and_replay_gives_the_same()
    {
        Prop.ForAll(Gen.Choose(0, 100_000).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var scores = Enumerable.Range(0, 300).Select(i =>
            {
                uint[] signals = [5, 18, 40, 6];
                var parts = signals.OrderBy(_ => random.Next()).Take(random.Next(0, 3)).Select(s => (s, random.NextSingle() * random.NextSingle() * 0.6f)).ToArray();
                return Score(parts.Sum(p => p.Item2), i, parts);
            }).ToList();
            var (first, second) = (Replay(scores), Replay(scores));
            Assert.Equal(first, second);

            var open = new Dictionary<AlertType, string>();
            foreach (var alert in first)
            {
                if (alert.Status == AlertStatus.Cleared) Assert.True(open.Remove(alert.Type, out var id) && id == alert.AlertId);
                else if (!open.TryAdd(alert.Type, alert.AlertId)) Assert.Equal(open[alert.Type], alert.AlertId);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(50));
    }

    private static List<Alert> Replay(List<Score> scores)
    {
        var episodes = new AlertEpisodes("V1");
        return [.. scores.SelectMany((score, i) => episodes.Apply(score, Time(i + 1), 2))];
    }

    private IReadOnlyList<Alert> Next(float score, params (uint Signal, float Share)[] parts)
    {
        var at = _offset++;
        return _episodes.Apply(Score(score, at, parts), Time(at + 1), 0);
    }

    private static Score Score(float score, long at, params (uint Signal, float Share)[] parts)
    {
        var result = new Score { Vin = "V1", Profile = "p", ModelId = "m", Score_ = score, StartTimeMs = Time(at), TelemetryOffset = at };
        result.Contributions.AddRange(parts.OrderByDescending(p => p.Share).Select(p => new Contribution { Signal = p.Signal, Share = p.Share }));
        return result;
    }

    private static long Time(long at) => SyntheticFleet.StartMs + at * 10_000;
}
