using Kappa.Iot.IngestGateway;
using Kappa.Iot.ServiceDefaults;

return await ServiceProgram.RunAsync(args, "ingest-gateway: takes vehicles' MQTT (3.1.1 and 5) and writes it to the log.", GatewayHost.Build,
    ports: "--Mqtt:Port (vehicles), --Urls (metrics and health)");
