using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Detection.Training;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Tests;

/// <summary>What a model is trained on, and what is left out.</summary>
public sealed class TrainingDataTests(TheLog log)
{
    [Fact]
    public async Task Nothing_is_learned_from_excluded_and_alerting_vehicles()
    {
        var profile = TheLog.NewProfile();
        log.Write(Fleet.Drive(profile, vehicles: 6, batches: 60));
        await AlertAsync($"{profile}-1", AlertType.Engine, AlertStatus.Active);
        await AlertAsync($"{profile}-2", AlertType.Engine, AlertStatus.Active);
        await AlertAsync($"{profile}-2", AlertType.Engine, AlertStatus.Cleared);

        var run = await Run.Of("train", "--profile", profile, "--from", Fleet.Time(0), "--to", Fleet.Time(1_000), "--exclude", $"{profile}-0,nobody", "--exclude-alerting",
            "--effort", "quick", "--disturbances", "100", "--kafka", log.Address);
        Assert.True(run.ExitCode == 0, run.People);
        Assert.Contains($"Vehicle {profile}-0 is excluded (named): 60 batches.", run.People, StringComparison.Ordinal);
        Assert.Contains($"Vehicle {profile}-1 is excluded (open alert: engine): 60 batches.", run.People, StringComparison.Ordinal);
        Assert.Contains("Vehicle nobody is to be excluded, but", run.People, StringComparison.Ordinal);
        Assert.Contains("240 batches of 4 vehicles", run.People, StringComparison.Ordinal);
        var version = (await new ModelRegistry(log.Kafka, NullLogger.Instance).ReadAllAsync(TestContext.Current.CancellationToken)).Find(run.LastLine);
        Assert.Equal((4UL, 240UL), (version.Lineage.Vehicles, version.Lineage.Batches));
        Assert.Equal(("2", "named", "open alert: engine"), (version.Parameters["excluded_vehicles"], version.Parameters[$"excluded/{profile}-0"], version.Parameters[$"excluded/{profile}-1"]));
    }

    [Fact]
    public void More_than_is_kept_leaves_the_same_vehicles_whatever_the_order()
    {
        var batches = Fleet.Drive("p", vehicles: 20, batches: 100).ToList();
        var inOrder = Keep(batches);
        var byTime = Keep([.. batches.OrderBy(batch => batch.Sequence)]);
        Assert.Equal(inOrder, byTime);
        Assert.Equal(10, inOrder.Count);
    }

    [Fact]
    public void A_lone_vehicle_does_not_fill_the_memory()
    {
        var set = new TrainingSet("p", new TrainingOptions { MaxSteps = 1_000 });
        foreach (var batch in Fleet.Drive("p", vehicles: 1, batches: 5_000)) set.Add(batch);
        Assert.Equal((1_000, 4_000), (set.Steps, set.BatchesLeftOut));
        Assert.Equal(1_000, set.Drives().Single().Count);
    }

    [Fact]
    public void Many_vehicles_with_little_each_do_not_fill_the_memory()
    {
        // Each has less than is held back to be put in order.
        var set = new TrainingSet("p", new TrainingOptions { MaxSteps = 1_000 });
        foreach (var batch in Fleet.Drive("p", vehicles: 400, batches: 10)) set.Add(batch);
        Assert.Equal((1_000, 100, 300), (set.Steps, set.Vehicles, set.VehiclesLeftOut));
    }

    [Fact]
    public async Task The_same_seed_and_data_give_the_same_model_byte_for_byte_in_whatever_order_they_come()
    {
        var profile = TheLog.NewProfile();
        var batches = Fleet.Drive(profile, vehicles: 4, batches: 60).ToList();
        log.Write(batches);
        string one = await log.TrainAsync(profile), other = await log.TrainAsync(profile, "--by", "somebody else");
        var versions = (await new ModelRegistry(log.Kafka, NullLogger.Instance).ReadAllAsync(TestContext.Current.CancellationToken)).Versions;
        Assert.Equal(versions[one].Artifact.Sha256, versions[other].Artifact.Sha256);
        Assert.Equal(versions[one].Summary, versions[other].Summary);

        var set = new TrainingSet(profile, TrainingOptions.Quick with { Disturbances = 200 });
        foreach (var batch in batches.OrderBy(batch => batch.Sequence).ThenByDescending(batch => batch.Vin)) set.Add(batch);
        var again = VirtualSensorTrainer.Train(set, TrainingOptions.Quick with { Disturbances = 200 }, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(versions[one].Artifact.Sha256, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(again.Artifact)));
    }

    private static List<string> Keep(List<TelemetryBatch> batches)
    {
        var set = new TrainingSet("p", new TrainingOptions { MaxSteps = 1_000 });
        foreach (var batch in batches) set.Add(batch);
        return [.. set.Drives().Select(drive => drive[0].Vin)];
    }

    private async Task AlertAsync(string vin, AlertType type, AlertStatus status)
    {
        using var producer = log.CreateProducer();
        await producer.ProduceAsync(TopicCatalogue.Alerts.Name, new Message<byte[], byte[]>
        {
            Key = Encoding.UTF8.GetBytes($"{vin}/{type}"),
            Value = new Alert { AlertId = "a", Vin = vin, Type = type, Status = status }.ToByteArray(),
        }, TestContext.Current.CancellationToken);
    }
}
