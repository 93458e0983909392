namespace Kappa.Iot.Contracts.Tests.Topics;

public sealed class TopicCatalogueTests
{
    [Fact]
    public void All_NamesAreDistinctAndAllowedInKafka()
    {
        Assert.Equal(TopicCatalogue.All.Count, TopicCatalogue.All.Select(t => t.Name).Distinct().Count());
        Assert.All(TopicCatalogue.All, t => Assert.Matches("^[a-z0-9.-]{1,249}$", t.Name));
    }

    [Fact]
    public void All_ByVehicle_HaveOneNumberOfPartitions() =>
        Assert.All(TopicCatalogue.All.Where(t => t.ByVehicle), t => Assert.Equal(TopicCatalogue.DefaultPartitions, t.Partitions));

    [Theory]
    [InlineData("telemetry")]
    [InlineData("anomaly.scores")]
    [InlineData("scoring.state")]
    [InlineData("anomaly.alerts")]
    [InlineData("vehicle.presence")]
    public void All_WhatIsKeyedByVehicle_IsByVehicle(string name) => Assert.True(TopicCatalogue.All.Single(t => t.Name == name).ByVehicle);

    [Theory]
    [InlineData("scoring.state", "compact")]
    [InlineData("anomaly.alerts", "compact")]
    [InlineData("ml.models", "compact")]
    [InlineData("telemetry", "delete")]
    public void All_CleanupPolicy_IsTheDesigns(string name, string policy) =>
        Assert.Equal(policy, TopicCatalogue.All.Single(t => t.Name == name).Settings["cleanup.policy"]);

    [Fact]
    public void Telemetry_IsKeptForEver() => Assert.Equal("-1", TopicCatalogue.Telemetry.Settings["retention.ms"]);
}
