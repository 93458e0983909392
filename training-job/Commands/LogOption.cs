using System.CommandLine;
using Confluent.Kafka;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary>Where the log is: <c>--kafka</c>, or the environment as the services have it.</summary>
internal static class LogOption
{
    private const string Variable = "Kafka__BootstrapServers";
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    public static Option<string> Create() => new("--kafka")
    {
        Description = $"The log's address. Default: the environment's {Variable}, or {new KafkaOptions().BootstrapServers}.",
        HelpName = "HOST:PORT",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } set ? set : new KafkaOptions().BootstrapServers,
    };

    /// <summary>The log, once it has answered and has the platform's topics.</summary>
    /// <exception cref="CommandException">It does not answer.</exception>
    public static async Task<KafkaOptions> ConnectAsync(string address)
    {
        var kafka = new KafkaOptions { BootstrapServers = address };
        // Said once below; the client would repeat it for every attempt.
        using var admin = new AdminClientBuilder(kafka.ToClientConfig("training-job")).SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
        try
        {
            await Task.Run(() => TopicCatalogue.EnsureAsync(admin, kafka.Partitions, AnswerWithin));
            return kafka;
        }
        catch (KafkaException e)
        {
            throw new CommandException($"The log at {address} does not answer ({e.Error.Reason}). Check the address: --kafka HOST:PORT or {Variable}.", e);
        }
    }
}
