namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>Against Apache Kafka, where it is here.</summary>
public sealed class GatewayOnApacheKafka(ApacheLog log) : GatewayScenarios(log), IClassFixture<ApacheLog>;
