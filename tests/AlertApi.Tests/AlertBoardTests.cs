using Kappa.Iot.AlertApi.Alerts;
using Kappa.Iot.AlertApi.Running;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.AlertApi.Tests;

public sealed class AlertBoardTests
{
    private readonly AlertBoard _board = new(maxCleared: 3);

    [Fact]
    [Trait("Invariant", "6")]
    public void Apply_ANewEpisodeOfAnOpenAlert_LeavesOneOpen()
    {
        Put(Samples.Alert("V", id: "first"));
        Put(Samples.Alert("V", id: "second"));

        Assert.Equal("second", Assert.Single(_board.List(new() { Status = AlertStatus.Active })).Id);
        Assert.Equal(AlertStatus.Cleared, _board.Find("first")!.Status);
        Assert.NotNull(_board.Find("first")!.ClearedAt);
    }

    [Fact]
    public void Apply_ATombstone_EndsTheEpisode()
    {
        var alert = Samples.Alert("V");
        Put(alert);
        _board.Apply(LogWriter.Key(alert), (Alert?)null);
        Assert.Empty(_board.List(new() { Status = AlertStatus.Active }));
        Assert.Empty(_board.OpenBySeverity());
    }

    [Fact]
    public void Apply_AnActionBeforeItsAlert_ShowsItOnceTheAlertCame()
    {
        _board.Apply(Action("a", "Ann"), offset: 7);
        Put(Samples.Alert("V", id: "a"));
        Assert.Equal("Ann", _board.Find("a")!.Acknowledged?.By);
    }

    [Fact]
    public void Apply_AnActionTwice_CountsOnce()
    {
        Put(Samples.Alert("V", id: "a"));
        _board.Apply(Action("a", "Ann"), offset: 7);
        var version = _board.Alerts.Version;
        _board.Apply(Action("a", "Ann"), offset: 7);
        Assert.Single(_board.Find("a")!.Actions);
        Assert.Equal(version, _board.Alerts.Version);
    }

    [Fact]
    public void Apply_ASeverityThatRose_KeepsTheAcknowledgement()
    {
        Put(Samples.Alert("V", id: "a", severity: Severity.Minor));
        _board.Apply(Action("a", "Ann"), offset: 1);
        Put(Samples.Alert("V", id: "a", severity: Severity.Critical));
        Assert.Equal(Severity.Critical, _board.Find("a")!.Severity);
        Assert.Equal("Ann", _board.Find("a")!.Acknowledged?.By);
    }

    [Fact]
    public void Apply_ManyCleared_KeepsTheNewestAndEveryOpenOne()
    {
        Put(Samples.Alert("OPEN", id: "open"));
        for (var i = 0; i < 10; i++) Put(Samples.Alert($"V{i}", status: AlertStatus.Cleared, id: $"c{i}"));

        Assert.NotNull(_board.Find("open"));
        Assert.Null(_board.Find("c6"));
        Assert.Equal(4, _board.Alerts.Count);
    }

    [Fact]
    public void List_Pages_CoverAllOnceEvenWithEqualTimes()
    {
        var at = DateTimeOffset.UtcNow;
        for (var i = 0; i < 25; i++) Put(Samples.Alert($"V{i}", id: $"a{i}", raisedAt: at.AddSeconds(i / 5)));

        var seen = new List<AlertDocument>();
        IReadOnlyList<AlertDocument> page;
        do
        {
            page = _board.List(new() { Limit = 4, After = seen.LastOrDefault() });
            seen.AddRange(page);
        }
        while (page.Count == 4);

        Assert.Equal(25, seen.Select(a => a.Id).Distinct().Count());
        Assert.Equal(25, seen.Count);
        Assert.Equal(seen.OrderByDescending(a => a.RaisedAt).Select(a => a.RaisedAt), seen.Select(a => a.RaisedAt));
    }

    private void Put(Alert alert) => _board.Apply(LogWriter.Key(alert), alert);

    private static AlertAction Action(string id, string by) => new() { AlertId = id, Kind = AlertActionKind.Acknowledged, By = by, AtMs = 1_000 };
}
