using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed class RegistryCommandTests(TheLog log)
{
    private readonly ModelRegistry _registry = new(log.Kafka, NullLogger.Instance);

    [Fact]
    public async Task Rollback_goes_back_one_model_at_a_time_and_passes_over_retired_ones()
    {
        var profile = TheLog.NewProfile();
        string a = await PublishAsync(profile), b = await PublishAsync(profile), c = await PublishAsync(profile), d = await PublishAsync(profile);
        foreach (var id in new[] { a, b, c, d }) await _registry.PromoteAsync(id, new Decision("anna", DateTimeOffset.UtcNow), Cancel);
        Assert.Equal(0, (await Run.Of("retire", b, "--reason", "learned from a broken sensor", "--kafka", log.Address)).ExitCode);

        var run = await RollbackAsync(profile);
        Assert.Equal(0, run.ExitCode);
        var now = await _registry.ReadAllAsync(Cancel);
        // b is passed over as the model to fall back to only when it would become active.
        Assert.Equal(c, now.Active[profile].ModelId);
        Assert.Equal((ModelStage.Retired, ModelStage.ActiveStage), (now.Versions[d].Stage, now.Versions[c].Stage));

        Assert.Equal(0, (await RollbackAsync(profile)).ExitCode);
        now = await _registry.ReadAllAsync(Cancel);
        Assert.Equal((a, ""), (now.Active[profile].ModelId, now.Active[profile].PreviousModelId));

        var last = await RollbackAsync(profile);
        Assert.Equal(1, last.ExitCode);
        Assert.Contains("no model", last.People, StringComparison.Ordinal);
        Assert.Equal(a, (await _registry.ReadAllAsync(Cancel)).Active[profile].ModelId);
    }

    [Fact]
    public async Task Changes_at_the_same_time_all_happen_one_after_the_other()
    {
        var profiles = Enumerable.Range(0, 4).Select(_ => TheLog.NewProfile()).ToList();
        var ids = new List<string>();
        foreach (var profile in profiles) ids.Add(await PublishAsync(profile));
        await Task.WhenAll(ids.Select(id => _registry.PromoteAsync(id, new Decision("anna", DateTimeOffset.UtcNow), Cancel)));
        var now = await _registry.ReadAllAsync(Cancel);
        Assert.Equal(ids, profiles.Select(profile => now.Active[profile].ModelId));
        Assert.All(ids, id => Assert.Single(now.Versions[id].History, change => change.Stage == ModelStage.ActiveStage));
    }

    [Fact]
    public async Task Rollback_ToADamagedModel_IsRefused()
    {
        var profile = TheLog.NewProfile();
        string a = await PublishAsync(profile), b = await PublishAsync(profile);
        await _registry.PromoteAsync(a, new Decision("anna", DateTimeOffset.UtcNow), Cancel);
        await _registry.PromoteAsync(b, new Decision("anna", DateTimeOffset.UtcNow), Cancel);
        await log.DamageAsync(a);
        var run = await RollbackAsync(profile);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("damaged", run.People, StringComparison.Ordinal);
        Assert.Equal(b, (await _registry.ReadAllAsync(Cancel)).Active[profile].ModelId);
    }

    [Fact]
    public async Task Show_tells_who_did_what_when_and_why()
    {
        var profile = TheLog.NewProfile();
        string a = await PublishAsync(profile), b = await PublishAsync(profile);
        await _registry.PromoteAsync(a, new Decision("anna", DateTimeOffset.UnixEpoch), Cancel);
        await _registry.PromoteAsync(b, new Decision("ben", DateTimeOffset.UnixEpoch.AddDays(1)) { Reason = "fewer false alerts", Forced = true }, Cancel);
        Assert.Equal(0, (await Run.Of("rollback", "--profile", profile, "--by", "carla", "--reason", "misses the tyres", "--kafka", log.Address)).ExitCode);

        var show = await Run.Of("show", b, "--kafka", log.Address);
        Assert.Equal(0, show.ExitCode);
        var account = $"{Environment.UserName}@{Environment.MachineName}";
        Assert.Contains($"1970-01-02 00:00:00Z     active by ben ({account}), before it {a}, by force: fewer false alerts", show.Results, StringComparison.Ordinal);
        Assert.Contains($"retired by carla ({account}), in favour of {a}: misses the tyres", show.Results, StringComparison.Ordinal);
        var list = await Run.Of("show", a, "--kafka", log.Address, "--json");
        Assert.Equal(3, System.Text.Json.JsonDocument.Parse(list.Results).RootElement.GetProperty("history").GetArrayLength());
    }

    [Fact]
    public async Task A_profile_may_have_several_models_on_trial()
    {
        var profile = TheLog.NewProfile();
        string a = await PublishAsync(profile), b = await PublishAsync(profile);
        await _registry.MoveAsync(a, ModelStage.Shadow, new Decision("anna", DateTimeOffset.UtcNow), Cancel);
        await _registry.MoveAsync(b, ModelStage.Shadow, new Decision("anna", DateTimeOffset.UtcNow), Cancel);
        var now = await _registry.ReadAllAsync(Cancel);
        Assert.Equal((ModelStage.Shadow, ModelStage.Shadow), (now.Versions[a].Stage, now.Versions[b].Stage));

        Assert.Equal(0, (await Run.Of("shadow", a, "--off", "--kafka", log.Address)).ExitCode);
        Assert.Equal(1, (await Run.Of("shadow", a, "--off", "--kafka", log.Address)).ExitCode);
        Assert.Equal(ModelStage.Shadow, (await _registry.ReadAllAsync(Cancel)).Versions[b].Stage);
        Assert.Equal(0, (await Run.Of("shadow", b, "--off", "--kafka", log.Address)).ExitCode);
        Assert.Equal(ModelStage.Candidate, (await _registry.ReadAllAsync(Cancel)).Versions[b].Stage);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_is_not_put_on_trial()
    {
        var id = await PublishAsync(TheLog.NewProfile());
        var run = await Run.Of("shadow", id, "--kafka", log.Address);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("is not a model", run.People, StringComparison.Ordinal);
        Assert.Equal(ModelStage.Candidate, (await _registry.ReadAllAsync(Cancel)).Versions[id].Stage);
    }

    [Fact]
    public async Task The_active_model_can_be_neither_retired_nor_put_on_trial()
    {
        var profile = TheLog.NewProfile();
        var id = await PublishAsync(profile);
        await _registry.PromoteAsync(id, new Decision("anna", DateTimeOffset.UtcNow), Cancel);
        var run = await Run.Of("retire", id, "--kafka", log.Address);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("active", run.People, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ModelRegistryException>(() => _registry.MoveAsync(id, ModelStage.Shadow, new Decision("anna", DateTimeOffset.UtcNow), Cancel));
        Assert.Equal(ModelStage.ActiveStage, (await _registry.ReadAllAsync(Cancel)).Versions[id].Stage);
    }

    [Fact]
    public async Task Rollback_OfAProfileWithoutModel_IsAnError()
    {
        var run = await RollbackAsync(TheLog.NewProfile());
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("no active model", run.People, StringComparison.Ordinal);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<Run> RollbackAsync(string profile) => Run.Of("rollback", "--profile", profile, "--kafka", log.Address);

    private async Task<string> PublishAsync(string profile)
    {
        var version = new ModelVersion { ModelId = Guid.NewGuid().ToString("N"), Profile = profile, Detector = "none", Stage = ModelStage.Candidate, Lineage = new Lineage() };
        await _registry.PublishAsync(version, new byte[1000], Cancel);
        return version.ModelId;
    }
}
