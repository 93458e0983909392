using Kappa.Iot.AlertApi.Changes;

namespace Kappa.Iot.AlertApi.Tests;

public sealed class ChangeLogTests
{
    private readonly ChangeLog<string, string> _log = new(capacity: 3);

    [Fact]
    public void Since_GivesNewestValuesInOrderOfChange()
    {
        Put("a", "1");
        Put("b", "2");
        var seen = _log.Version;
        Put("a", "3");
        Put("c", "4");
        Put("a", "5");

        Assert.Equal(["4", "5"], _log.Since(seen).Values);
        Assert.Equal(["2", "4", "5"], _log.Since(0).Values);
        Assert.Empty(_log.Since(_log.Version).Values);
        Assert.Equal(5, _log.Since(0).Version);
    }

    [Fact]
    public void Update_OverCapacity_ForgetsWhatHasNotChangedForLongest()
    {
        foreach (var (key, value) in new[] { ("a", "1"), ("b", "2"), ("c", "3"), ("a", "4"), ("d", "5") }) Put(key, value);

        Assert.Equal(3, _log.Count);
        Assert.False(_log.TryFind("b", out _));
        Assert.True(_log.TryFind("a", out _));
    }

    [Fact]
    public void Update_ReturningTheOldValue_IsNoChange()
    {
        Put("a", "1");
        Assert.False(_log.Update("a", (old, _) => old));
        Assert.False(_log.Update("x", (_, _) => null));
        Assert.Equal(1, _log.Version);
        Assert.Equal(1, _log.Count);
    }

    [Fact]
    public async Task WhenChangedAfter_CompletesWithTheNextChangeOnly()
    {
        Put("a", "1");
        Assert.True(_log.WhenChangedAfter(0).IsCompleted);

        var next = _log.WhenChangedAfter(_log.Version);
        Assert.False(next.IsCompleted);
        Put("b", "2");
        await next.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_reader_that_follows_while_others_write_misses_no_key()
    {
        var log = new ChangeLog<int, string>();
        var writers = Enumerable.Range(0, 4).Select(w => Task.Run(() =>
        {
            for (var i = 0; i < 2_000; i++) log.Update((i * 4) + w, (_, version) => $"{version}");
        })).ToArray();

        var seen = new HashSet<string>();
        long version = 0;
        while (seen.Count < 8_000)
        {
            await log.WhenChangedAfter(version).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            (var values, version) = log.Since(version);
            foreach (var value in values) Assert.True(seen.Add(value), "a change came twice");
        }

        await Task.WhenAll(writers);
        Assert.Equal(8_000, log.Version);
    }

    private void Put(string key, string value) => _log.Update(key, (_, _) => value);
}
