namespace Kappa.Iot.Contracts.Tests.Topics;

public sealed class MqttTopicsTests
{
    [Fact]
    public void TryParse_EveryTopicThatIsMade_GivesBackVehicleAndChannel()
    {
        foreach (var (topic, channel) in new[]
        {
            (MqttTopics.Telemetry("V1"), MqttChannel.Telemetry), (MqttTopics.TelemetryJson("V1"), MqttChannel.TelemetryJson),
            (MqttTopics.Presence("V1"), MqttChannel.Presence), (MqttTopics.Commands("V1"), MqttChannel.Commands),
            (MqttTopics.CommandResults("V1"), MqttChannel.CommandResults),
        })
        {
            Assert.True(MqttTopics.TryParse(topic, out var vin, out var parsed));
            Assert.Equal(("V1", channel), (vin, parsed));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("v1")]
    [InlineData("v1/")]
    [InlineData("v1//telemetry")]
    [InlineData("v1/V1")]
    [InlineData("v1/V1/")]
    [InlineData("v1/V1/telemetry/xml")]
    [InlineData("v2/V1/telemetry")]
    [InlineData("/v1/V1/telemetry")]
    public void TryParse_AnythingElse_False(string topic) => Assert.False(MqttTopics.TryParse(topic, out _, out _));
}
