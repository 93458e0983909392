using System.Text.Json;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed class TrainFromTheLogTests(TheLog log)
{
    private static readonly string[] Quick = ["--effort", "quick", "--disturbances", "100"];

    [Fact]
    public async Task What_is_trained_can_be_shown_promoted_and_loaded()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 6, batches: 60));
        var id = await TrainAsync(profile);

        var registry = new ModelRegistry(log.Kafka, NullLogger.Instance);
        var version = (await registry.ReadAllAsync(TestContext.Current.CancellationToken)).Versions[id];
        Assert.Equal((profile, ModelStage.Candidate, 6UL, 360UL), (version.Profile, version.Stage, version.Lineage.Vehicles, version.Lineage.Batches));
        Assert.Equal(TopicCatalogue.Telemetry.Name, version.Lineage.Source);
        Assert.NotEmpty(version.Lineage.Offsets);
        Assert.Equal(Fleet.Start.ToUnixTimeMilliseconds(), version.Lineage.FromMs);
        Assert.NotEmpty(version.Lineage.CodeVersion);
        Assert.Equal(64, version.Lineage.DataFingerprint.Length);

        var show = await Run.Of("show", id, "--kafka", log.Address);
        Assert.Equal(0, show.ExitCode);
        Assert.Contains(version.Lineage.DataFingerprint, show.Results, StringComparison.Ordinal);

        Assert.Equal(0, (await Run.Of("promote", id, "--by", "anna", "--kafka", log.Address)).ExitCode);
        var now = await registry.ReadAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal((id, "anna", ""), (now.Active[profile].ModelId, now.Active[profile].PromotedBy, now.Active[profile].PreviousModelId));
        Assert.Equal(ModelStage.ActiveStage, now.Versions[id].Stage);
        var detector = ModelArtifact.Load(id, await registry.ReadArtifactAsync(id, TestContext.Current.CancellationToken));
        Assert.Equal(profile, detector.Profile);

        var list = await Run.Of("list", "--kafka", log.Address);
        Assert.Equal(0, list.ExitCode);
        Assert.Contains("active", list.Results, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_next_model_retires_the_one_before()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 4, batches: 60));
        var first = await TrainAsync(profile);
        var second = await TrainAsync(profile, "--seed", "2");
        Assert.NotEqual(first, second);
        Assert.Equal(0, (await Run.Of("promote", first, "--kafka", log.Address)).ExitCode);
        Assert.Equal(0, (await Run.Of("promote", second, "--kafka", log.Address)).ExitCode);

        var now = await new ModelRegistry(log.Kafka, NullLogger.Instance).ReadAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal((second, first), (now.Active[profile].ModelId, now.Active[profile].PreviousModelId));
        Assert.Equal((ModelStage.Retired, ModelStage.ActiveStage), (now.Versions[first].Stage, now.Versions[second].Stage));
        Assert.Equal(first, (await TrainedAgainstAsync(profile)).PreviousModelId);
    }

    [Fact]
    public async Task Batches_that_are_on_the_log_twice_are_read_once_and_rubbish_is_passed_over()
    {
        var profile = TheLog.NewProfile();
        var batches = Fleet.Drive(profile, vehicles: 3, batches: 50).ToList();
        log.Write(batches.Concat(batches));
        using (var producer = log.CreateProducer())
        {
            await producer.ProduceAsync(TopicCatalogue.Telemetry.Name, new Message<byte[], byte[]>
            {
                Key = [1],
                Value = [255, 255, 255],
                Timestamp = new Timestamp(Fleet.Start),
            }, TestContext.Current.CancellationToken);
        }
        var run = await Run.Of(["train", "--profile", profile, "--from", Time(0), "--to", Time(500), "--kafka", log.Address, "--json", .. Quick]);
        Assert.Equal(0, run.ExitCode);
        var result = JsonDocument.Parse(run.LastLine).RootElement;
        Assert.Equal(3, result.GetProperty("metrics").GetProperty("vehicles").GetDouble());
        Assert.Equal(150, result.GetProperty("metrics").GetProperty("steps").GetDouble());
        Assert.Contains("no telemetry", run.People, StringComparison.Ordinal);
        Assert.Contains("150 were there already", run.People.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_range_of_event_time_is_read()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 4, batches: 100));
        var id = (await Run.Of(["train", "--profile", profile, "--from", Time(200), "--to", Time(700), "--kafka", log.Address, .. Quick])).LastLine;
        var version = (await new ModelRegistry(log.Kafka, NullLogger.Instance).ReadAllAsync(TestContext.Current.CancellationToken)).Versions[id];
        Assert.Equal(4UL * 50, version.Lineage.Batches);
    }

    [Fact]
    public async Task The_same_range_trained_twice_gives_the_same_bytes()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 5, batches: 60));
        string one = await TrainAsync(profile), other = await TrainAsync(profile, "--by", "somebody else");
        var versions = (await new ModelRegistry(log.Kafka, NullLogger.Instance).ReadAllAsync(TestContext.Current.CancellationToken)).Versions;
        Assert.Equal(versions[one].Artifact.Sha256, versions[other].Artifact.Sha256);
        Assert.Equal(versions[one].Lineage.DataFingerprint, versions[other].Lineage.DataFingerprint);
    }

    [Fact]
    public async Task A_range_without_telemetry_is_an_error()
    {
        var run = await Run.Of("train", "--profile", TheLog.NewProfile(), "--from", "2030-01-01", "--to", "2030-01-02", "--kafka", log.Address);
        Assert.Equal(1, run.ExitCode);
        Assert.Empty(run.Results);
        Assert.Contains("no telemetry", run.People, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_does_not_exist_is_an_error()
    {
        foreach (var command in new[] { "promote", "show" })
        {
            var run = await Run.Of(command, "nothing-like-it", "--kafka", log.Address);
            Assert.Equal(1, run.ExitCode);
            Assert.Contains("nothing-like-it", run.People, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_log_that_does_not_answer_is_an_error()
    {
        var run = await Run.Of("list", "--kafka", "127.0.0.1:1");
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("127.0.0.1:1", run.People, StringComparison.Ordinal);
    }

    private static string Time(int second) => Fleet.Start.AddSeconds(second).ToString("O");

    private async Task<string> TrainAsync(string profile, params string[] more)
    {
        // The id carries the second it was made in.
        await Task.Delay(1100, TestContext.Current.CancellationToken);
        var run = await Run.Of(["train", "--profile", profile, "--from", Time(0), "--to", Time(10_000), "--kafka", log.Address, .. Quick, .. more]);
        Assert.True(run.ExitCode == 0, run.People);
        return run.LastLine;
    }

    private async Task<ActiveModel> TrainedAgainstAsync(string profile) =>
        (await new ModelRegistry(log.Kafka, NullLogger.Instance).ReadAllAsync(TestContext.Current.CancellationToken)).Active[profile];
}
