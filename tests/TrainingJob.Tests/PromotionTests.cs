using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming.Models;
using Kappa.Iot.TrainingJob.Judging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed class PromotionTests(TheLog log)
{
    [Fact]
    public async Task A_model_that_finds_less_is_refused_unless_forced()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 12, batches: 200));
        var good = await log.TrainAsync(profile);
        // No evidence is ever that strong.
        log.Write(Fleet.Drive(profile, vehicles: 12, batches: 200, boot: 2, startSecond: 200_000));
        var deaf = await log.PublishWithThresholdAsync(good, threshold: 1_000);
        Assert.Equal(0, (await Run.Of("promote", good, "--kafka", log.Address)).ExitCode);

        var refused = await Run.Of("promote", deaf, "--kafka", log.Address);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("disturbances", refused.People, StringComparison.Ordinal);
        Assert.Contains("stays active", refused.People, StringComparison.Ordinal);
        Assert.Contains("what came after both were trained", refused.People, StringComparison.Ordinal);
        Assert.Equal(good, await ActiveAsync(profile));

        var forced = await Run.Of("promote", deaf, "--force", "--by", "anna", "--kafka", log.Address);
        Assert.True(forced.ExitCode == 0, forced.People);
        Assert.Equal(deaf, await ActiveAsync(profile));
        var history = (await Registry.ReadAllAsync(TestContext.Current.CancellationToken)).Versions[deaf].History;
        Assert.True(history[^1].Forced);

        // And back the other way it is the better one.
        Assert.Equal(0, (await Run.Of("promote", good, "--kafka", log.Address)).ExitCode);
    }

    [Fact]
    public async Task A_model_that_alerts_all_the_time_is_refused()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 12, batches: 200));
        var good = await log.TrainAsync(profile);
        var nervous = await log.PublishWithThresholdAsync(good, threshold: -1_000);
        Assert.Equal(0, (await Run.Of("promote", good, "--kafka", log.Address)).ExitCode);
        var refused = await Run.Of("promote", nervous, "--kafka", log.Address);
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("raises", refused.People, StringComparison.Ordinal);
        Assert.Equal(good, await ActiveAsync(profile));
    }

    [Fact]
    public async Task Models_that_cannot_be_compared_are_not_promoted()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 4, batches: 60));
        var good = await log.TrainAsync(profile);
        Assert.Equal(0, (await Run.Of("promote", good, "--kafka", log.Address)).ExitCode);
        var other = await log.PublishWithThresholdAsync(good, threshold: 3);
        var run = await Run.Of("promote", other, "--from", "2031-01-01", "--to", "2031-01-02", "--kafka", log.Address);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("too little", run.People, StringComparison.Ordinal);
        Assert.Equal(good, await ActiveAsync(profile));
    }

    [Theory]
    [InlineData(0, 5, 1.0)]
    [InlineData(5, 5, 0.03125)]
    [InlineData(4, 5, 0.1875)]
    [InlineData(2, 3, 0.5)]
    [InlineData(0, 0, 1.0)]
    public void AtLeast_OfFairCoins_IsTheBinomialTail(int heads, int coins, double expected) => Assert.Equal(expected, Comparison.AtLeast(heads, coins), 10);

    [Fact]
    public void AtLeast_OfVeryMany_IsStillANumber() => Assert.InRange(Comparison.AtLeast(50_000, 100_000), 0.5, 0.51);

    private ModelRegistry Registry => new(log.Kafka, NullLogger.Instance);

    private async Task<string> ActiveAsync(string profile) => (await Registry.ReadAllAsync(TestContext.Current.CancellationToken)).Active[profile].ModelId;
}
