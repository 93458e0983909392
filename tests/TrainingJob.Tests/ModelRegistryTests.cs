using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming.Models;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.TrainingJob.Tests;

public sealed class ModelRegistryTests(TheLog log)
{
    private readonly ModelRegistry _registry = new(log.Kafka, NullLogger.Instance);

    [Theory]
    [InlineData(1)]
    [InlineData(512 * 1024)]
    [InlineData(512 * 1024 + 1)]
    [InlineData(3_000_000)]
    public async Task ReadArtifact_AfterPublish_GivesTheBytes(int size)
    {
        var artifact = new byte[size];
        new Random(size).NextBytes(artifact);
        var version = Version();
        await _registry.PublishAsync(version, artifact, TestContext.Current.CancellationToken);
        Assert.Equal(artifact, await _registry.ReadArtifactAsync(version.ModelId, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Publish_IdThatExists_IsRefused()
    {
        var version = Version();
        await _registry.PublishAsync(version, new byte[] { 1 }, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ModelRegistryException>(() => _registry.PublishAsync(version, new byte[] { 2 }, TestContext.Current.CancellationToken));
        Assert.Equal([1], await _registry.ReadArtifactAsync(version.ModelId, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Promote_DamagedArtifact_IsRefusedAndTheActiveModelStays()
    {
        var profile = TheLog.NewProfile();
        ModelVersion good = Version(profile), bad = Version(profile);
        await _registry.PublishAsync(good, new byte[1000], TestContext.Current.CancellationToken);
        await _registry.PublishAsync(bad, new byte[1000], TestContext.Current.CancellationToken);
        await _registry.PromoteAsync(good.ModelId, "me", DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken);
        using (var producer = log.CreateProducer())
        {
            await producer.ProduceAsync(TopicCatalogue.ModelArtifacts.Name, new Message<byte[], byte[]>
            {
                Key = System.Text.Encoding.UTF8.GetBytes($"{bad.ModelId}/0"),
                Value = [1, 2, 3],
            }, TestContext.Current.CancellationToken);
        }
        var refused = await Assert.ThrowsAsync<ModelRegistryException>(
            () => _registry.PromoteAsync(bad.ModelId, "me", DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken));
        Assert.Contains("damaged", refused.Message, StringComparison.Ordinal);
        var now = await _registry.ReadAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal(good.ModelId, now.Active[profile].ModelId);
    }

    [Fact]
    public async Task Promote_TheActiveModelAgain_ChangesNothing()
    {
        var version = Version();
        await _registry.PublishAsync(version, new byte[10], TestContext.Current.CancellationToken);
        var first = await _registry.PromoteAsync(version.ModelId, "anna", DateTimeOffset.UnixEpoch, TestContext.Current.CancellationToken);
        Assert.Equal(first, await _registry.PromoteAsync(version.ModelId, "ben", DateTimeOffset.UnixEpoch.AddDays(1), TestContext.Current.CancellationToken));
    }

    private static ModelVersion Version(string? profile = null) => new()
    {
        ModelId = Guid.NewGuid().ToString("N"),
        Profile = profile ?? TheLog.NewProfile(),
        Detector = "none",
        Stage = ModelStage.Candidate,
        Lineage = new Lineage(),
    };
}
