using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Microsoft.Extensions.Options;

namespace Kappa.Iot.IngestGateway;

/// <summary>
/// Reads commands off the log, from the moment the gateway starts, and sends them to the vehicles that are connected to it and have
/// subscribed. Every gateway reads all commands, because only it knows who is connected to it.
/// </summary>
internal sealed partial class CommandDelivery(LogTopics topics, MqttEndpoint endpoint, GatewayMetrics metrics, IOptions<KafkaOptions> kafka, TimeProvider time, ILogger<CommandDelivery> logger)
    : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await topics.Ready.WaitAsync(stoppingToken);
        // Consuming blocks its thread.
        await Task.Factory.StartNew(() => Consume(stoppingToken), stoppingToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
    }

    private async Task Consume(CancellationToken stopping)
    {
        var config = new ConsumerConfig(kafka.Value.ToClientConfig("ingest-gateway-commands"))
        {
            GroupId = "ingest-gateway", // nothing is ever committed to it
            EnableAutoCommit = false,
            ReconnectBackoffMaxMs = 1_000,
            AutoOffsetReset = AutoOffsetReset.Latest,
        };
        using var consumer = new ConsumerBuilder<byte[], byte[]>(config)
            .SetLogHandler((_, line) => ClientLog(line.Message))
            .SetErrorHandler((_, error) => ClientLog(error.Reason))
            .Build();
        Assign(consumer, stopping);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (consumer.Consume(stopping) is { Message: { } message }) await DeliverAsync(message.Value, stopping);
            }
            catch (ConsumeException e)
            {
                NotRead(e.Error.Reason);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        consumer.Close();
    }

    private void Assign(IConsumer<byte[], byte[]> consumer, CancellationToken stopping)
    {
        var topic = TopicCatalogue.Commands.Name;
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        while (true)
        {
            stopping.ThrowIfCancellationRequested();
            try
            {
                var partitions = admin.GetMetadata(topic, Patience).Topics.Single().Partitions;
                var ends = partitions.Select(p => new TopicPartition(topic, p.PartitionId))
                    .Select(p => new TopicPartitionOffset(p, consumer.QueryWatermarkOffsets(p, Patience).High)).ToList();
                consumer.Assign(ends);
                Listening(ends.Count);
                return;
            }
            catch (KafkaException e)
            {
                NotRead(e.Error.Reason);
                stopping.WaitHandle.WaitOne(TimeSpan.FromSeconds(1));
            }
        }
    }

    private async Task DeliverAsync(byte[]? value, CancellationToken stopping)
    {
        Command command;
        try
        {
            command = Command.Parser.ParseFrom(value ?? []);
        }
        catch (InvalidProtocolBufferException e)
        {
            NotRead(e.Message);
            metrics.Command("unreadable");
            return;
        }

        if (!VehicleId.IsValid(command.Vin) || command.ExpiresAtMs != 0 && command.ExpiresAtMs <= time.GetUtcNow().ToUnixTimeMilliseconds())
        {
            metrics.Command("expired or without vehicle");
            return;
        }

        await endpoint.DeliverAsync(MqttTopics.Commands(command.Vin), value!, stopping);
        metrics.Command("sent");
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Reading commands from {Partitions} partitions")]
    private partial void Listening(int partitions);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Commands cannot be read: {Reason}")]
    private partial void NotRead(string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Kafka client: {Line}")]
    private partial void ClientLog(string line);
}
