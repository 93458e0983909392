using System.Text.Json;
using Confluent.Kafka;

namespace Kappa.Iot.ScoringService.Tests;

/// <summary>Generations as people handle them: made, compared, listed, discarded, and what is said when that cannot be.</summary>
public sealed class GenerationCommandTests(TestLog log)
{
    private const int Vehicles = 10;
    private const int Batches = 60;
    private const string Beginning = "2025-10-09T08:00:00Z"; // before the fleet's first batch

    private readonly string _suffix = $"{Guid.NewGuid():N}"[..8];

    [Fact]
    public async Task A_generation_is_compared_with_the_live_one_listed_and_discarded()
    {
        var scenario = await Scenario.CreateAsync(log);
        var model = await log.PromoteAsync(scenario.Name);
        log.Write(scenario.Telemetry, new Fleet(scenario.Name, Vehicles, seed: 31).Batches(Batches));
        var live = await scenario.CreateScoringAsync("live");
        await using (var scorer = live.Start())
        {
            await live.WaitForScoresAsync(Vehicles * Batches, scorer);
            await scorer.StopAsync();
        }

        // The same telemetry, except that every fifth car overheats.
        var faulty = await log.CreateTopicAsync($"{scenario.Name}-faulty", scenario.Partitions);
        log.Write(faulty, new Fleet(scenario.Name, Vehicles, seed: 31, faults: true).Batches(Batches));
        await RunAsync(live, faulty, "reprocess", "--model", model, "--from", Beginning, "--generation", $"hot-{_suffix}");
        var page = Path.Combine(Path.GetTempPath(), $"{_suffix}.html");
        var compared = Json(await RunAsync(live, null, "compare", "live", $"hot-{_suffix}", "--json", "--html", page));
        var (scores, alerts) = (compared.GetProperty("scores"), compared.GetProperty("alerts"));
        Assert.Equal(Vehicles * Batches, scores.GetProperty("both").GetInt64());
        Assert.InRange(scores.GetProperty("different").GetInt64(), 1, 2 * Batches);
        Assert.InRange(scores.GetProperty("max_difference").GetDouble(), 0.3, 1);
        Assert.InRange(alerts.GetProperty("gained").GetInt32(), 1, 10);
        var html = await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken);
        File.Delete(page);
        Assert.Contains("Gained: ", html, StringComparison.Ordinal);
        Assert.DoesNotContain("http", html, StringComparison.Ordinal); // needs nothing from elsewhere
        var back = Json(await RunAsync(live, null, "compare", $"hot-{_suffix}", "live", "--json")).GetProperty("alerts");
        Assert.Equal(alerts.GetProperty("gained").GetInt32(), back.GetProperty("lost").GetInt32());

        // A part of the range, with the windows warmed on what was before it: bit for bit the live scores.
        string[] part = ["--from", "2025-10-09T08:58:20Z", "--to", "2025-10-09T09:00:50Z", "--generation", $"part-{_suffix}"];
        await RunAsync(live, null, ["reprocess", "--model", model, .. part]);
        var same = Json(await RunAsync(live, null, "compare", "live", $"part-{_suffix}", "--json")).GetProperty("scores");
        Assert.Equal(15 * Vehicles, same.GetProperty("identical").GetInt64());
        Assert.Equal(0, same.GetProperty("different").GetInt64() + same.GetProperty("only_first").GetInt64() + same.GetProperty("only_second").GetInt64());
        Assert.Equal(15 * Vehicles, (await live.Of($"part-{_suffix}").ReadScoresAsync()).Count);

        var generations = await RunAsync(live, null, "generations", "--json");
        Assert.Equal("complete", generations.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement)
            .Single(line => line.GetProperty("generation").GetString() == $"part-{_suffix}").GetProperty("state").GetString());

        // The same command finds its work done; another one is refused; discarded, the name is free again and the work is done anew.
        Assert.Contains("complete already", await RunAsync(live, null, ["reprocess", "--model", model, .. part]), StringComparison.Ordinal);
        var refused = await FailAsync(live, "reprocess", "--code", "--from", Beginning, "--generation", $"part-{_suffix}");
        Assert.Contains("another one", refused, StringComparison.Ordinal);
        Assert.Contains(model, refused, StringComparison.Ordinal);
        await RunAsync(live, null, "discard", $"part-{_suffix}");
        Assert.DoesNotContain(Topics(), topic => topic.EndsWith($".part-{_suffix}", StringComparison.Ordinal));
        Assert.Contains("There is no generation", await FailAsync(live, "discard", $"part-{_suffix}"), StringComparison.Ordinal);
        Assert.Contains("There is no generation", await FailAsync(live, "compare", "live", $"part-{_suffix}"), StringComparison.Ordinal);
        await RunAsync(live, null, ["reprocess", "--model", model, .. part]);
        Assert.Equal(15 * Vehicles, (await live.Of($"part-{_suffix}").ReadScoresAsync()).Count);
    }

    [Fact]
    public async Task What_cannot_be_reprocessed_is_said_and_leaves_nothing_behind()
    {
        var scenario = await Scenario.CreateAsync(log);
        var model = await log.PromoteAsync(scenario.Name);
        var live = await scenario.CreateScoringAsync("live");
        log.Write(scenario.Telemetry, new Fleet(scenario.Name, Vehicles, seed: 32).Batches(2));
        var name = $"none-{_suffix}";

        Assert.Contains("There is no model 'nobody'", await FailAsync(live, "reprocess", "--model", "nobody", "--from", Beginning, "--generation", name), StringComparison.Ordinal);
        Assert.Contains("There is no telemetry from", await FailAsync(live, "reprocess", "--model", model, "--from", "2001-01-01", "--to", "2001-01-02", "--generation", name), StringComparison.Ordinal);
        Assert.Contains("--code has no models to follow", await FailAsync(live, "reprocess", "--code", "--from", Beginning, "--generation", name), StringComparison.Ordinal);
        Assert.Contains("--from", await FailAsync(live, "reprocess", "--model", model, "--generation", name), StringComparison.Ordinal);
        await using (var wrong = live.Command(null, "reprocess", "--model", model, "--from", "yesterday", "--generation", name))
            Assert.Contains("'yesterday' is no time", await wrong.WaitAsync(exitCode: 2), StringComparison.Ordinal);
        await using (var wrong = live.Command(null, "reprocess", "--model", model, "--from", Beginning, "--generation", "live"))
            Assert.Contains("cannot be the name", await wrong.WaitAsync(exitCode: 2), StringComparison.Ordinal);

        Assert.DoesNotContain(Topics(), topic => topic.EndsWith($".{name}", StringComparison.Ordinal));
        Assert.DoesNotContain(name, await RunAsync(live, null, "generations", "--json"), StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(Scoring live, string? telemetry, params string[] arguments)
    {
        await using var command = live.Command(telemetry, arguments);
        return await command.WaitAsync();
    }

    private static async Task<string> FailAsync(Scoring live, params string[] arguments)
    {
        await using var command = live.Command(null, arguments);
        return await command.WaitAsync(exitCode: 1);
    }

    private static JsonElement Json(string output) => JsonDocument.Parse(output.Split('\n').Single(line => line.StartsWith('{'))).RootElement;

    private List<string> Topics()
    {
        using var admin = new AdminClientBuilder(log.Kafka.ToClientConfig("test")).Build();
        return admin.GetMetadata(TimeSpan.FromSeconds(30)).Topics.ConvertAll(topic => topic.Topic);
    }
}
