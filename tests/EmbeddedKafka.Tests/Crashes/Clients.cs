using Confluent.Kafka;

namespace Kappa.Iot.Embedded.Tests.Crashes;

/// <summary>Clients that expect the server to be away for a moment, again and again.</summary>
internal static class Clients
{
    /// <summary>Longer than any machine needs; running into it is a failure.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    public static IProducer<Null, string> Producer(string address, string? transactionalId, Action<Error> fatal) =>
        new ProducerBuilder<Null, string>(new ProducerConfig(Common(address))
        {
            EnableIdempotence = true,
            Acks = Acks.All,
            LingerMs = 2,
            TransactionalId = transactionalId,
            TransactionTimeoutMs = transactionalId is null ? null : 60_000,
        }).SetLogHandler((_, _) => { }).SetErrorHandler((_, e) =>
        {
            if (e.IsFatal)
                fatal(e);
        }).Build();

    public static ConsumerBuilder<Ignore, string> Consumer(string address, string group, bool eof = false, IsolationLevel isolation = IsolationLevel.ReadCommitted,
        Action<ConsumerConfig>? change = null)
    {
        var config = new ConsumerConfig(Common(address))
        {
            GroupId = group,
            EnableAutoCommit = false,
            EnablePartitionEof = eof,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            IsolationLevel = isolation,
            FetchWaitMaxMs = 100,
            FetchErrorBackoffMs = 20,
            HeartbeatIntervalMs = 300,
            SessionTimeoutMs = 45_000,
        };
        change?.Invoke(config);
        return new ConsumerBuilder<Ignore, string>(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { });
    }

    public static Message<Null, string> Message(string value) => new() { Value = value };

    public static Task Run(Action work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static ClientConfig Common(string address) => new()
    {
        BootstrapServers = address,
        ReconnectBackoffMs = 20,
        ReconnectBackoffMaxMs = 100,
        RetryBackoffMs = 20,
        RetryBackoffMaxMs = 100,

        // librdkafka's default forgets its brokers once all are down, and its requests to coordinators may then wait for ever.
        MetadataRecoveryStrategy = MetadataRecoveryStrategy.None,
    };
}
