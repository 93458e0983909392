namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>Against embedded-kafka: nothing outside is needed.</summary>
public sealed class GatewayOnEmbeddedKafka(EmbeddedLog log) : GatewayScenarios(log), IClassFixture<EmbeddedLog>;
