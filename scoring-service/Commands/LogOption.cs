using System.CommandLine;
using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService.Commands;

/// <summary>Where the log is, and the scorer's other settings: from the environment and appsettings.json, as the service has them.</summary>
internal static class LogOption
{
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    public static Option<string?> Create() => new("--kafka")
    {
        Description = $"The log's address. Default: as the service's, Kafka__BootstrapServers in the environment, or {new KafkaOptions().BootstrapServers}.",
        HelpName = "HOST:PORT",
    };

    /// <summary>The settings, once the log has answered and has the platform's topics.</summary>
    /// <exception cref="CommandException">It does not answer, or a setting is wrong.</exception>
    public static async Task<(KafkaOptions Kafka, ScoringOptions Scoring)> ConnectAsync(string? address)
    {
        var (kafka, scoring) = Read();
        if (address is not null) kafka = kafka with { BootstrapServers = address };
        // Said once below; the client would repeat it for every attempt.
        using var admin = new AdminClientBuilder(kafka.ToClientConfig("scoring-service")).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        try
        {
            await Task.Run(() => TopicCatalogue.EnsureAsync(admin, kafka.Partitions, AnswerWithin));
            return (kafka, scoring);
        }
        catch (KafkaException e)
        {
            throw new CommandException($"The log at {kafka.BootstrapServers} does not answer ({e.Error.Reason}). Check the address: --kafka HOST:PORT or Kafka__BootstrapServers.", e);
        }
    }

    private static (KafkaOptions Kafka, ScoringOptions Scoring) Read()
    {
        try
        {
            var settings = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath("appsettings.json"), optional: true).AddEnvironmentVariables().Build();
            return (settings.GetSection(KafkaOptions.Section).Get<KafkaOptions>() ?? new(), settings.GetSection(ScoringOptions.Section).Get<ScoringOptions>() ?? new());
        }
        catch (InvalidOperationException e)
        {
            throw new CommandException($"A setting of the environment or appsettings.json is wrong: {e.Message}", e);
        }
    }
}
