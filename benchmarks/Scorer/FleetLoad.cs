using System.Diagnostics;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Google.Protobuf;
using Kappa.Iot.Benchmarks.Detection;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Benchmarks.Scorer;

/// <summary>Writes the telemetry of many vehicles: the next batch of each in turn. Some drives, each driven by many.</summary>
internal sealed class FleetLoad : IDisposable
{
    private const int Drives = 64, BatchesOfADrive = 240;

    private readonly IProducer<byte[], byte[]> _producer;
    private readonly List<List<TelemetryBatch>> _drives = [.. Enumerable.Range(0, Drives).Select(drive => SyntheticDrive.Of(2000 + drive, ScorerPlan.Signals, BatchesOfADrive))];
    private readonly int _vehicles;

    public FleetLoad(KafkaOptions kafka, int vehicles)
    {
        _vehicles = vehicles;
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(kafka.ToClientConfig("benchmark-load"))
        {
            EnableIdempotence = true,
            Acks = Acks.All,
            EnableDeliveryReports = false,
            Partitioner = Partitioner.Murmur2Random,
            CompressionType = CompressionType.Lz4,
            LingerMs = 50,
            QueueBufferingMaxMessages = 50_000,
        }).SetLogHandler((_, _) => { }).Build();
    }

    /// <summary>Batches so far.</summary>
    public long Written { get; private set; }

    /// <summary>Writes as fast as the log takes it.</summary>
    public void Write(long batches, CancellationToken cancel)
    {
        for (var i = 0L; i < batches; i++) Next(cancel);
        _producer.Flush(cancel);
    }

    /// <summary>Writes so many a second, until cancelled.</summary>
    public Task PacedAsync(int perSecond, CancellationToken cancel) => Task.Factory.StartNew(() =>
    {
        var clock = Stopwatch.StartNew();
        var begun = Written;
        while (!cancel.IsCancellationRequested)
        {
            for (var due = (long)(clock.Elapsed.TotalSeconds * perSecond) - (Written - begun); due > 0 && !cancel.IsCancellationRequested; due--) Next(cancel);
            Thread.Sleep(5);
        }

        _producer.Flush(TimeSpan.FromSeconds(30));
    }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public void Dispose() => _producer.Dispose();

    private void Next(CancellationToken cancel)
    {
        var (vehicle, sequence) = ((int)(Written % _vehicles), Written / _vehicles);
        var batch = _drives[vehicle % Drives][(int)(sequence % BatchesOfADrive)];
        batch.Vin = string.Create(CultureInfo.InvariantCulture, $"BENCH{vehicle:D8}");
        batch.Sequence = (ulong)sequence + 1;
        batch.StartTimeMs = 1_700_000_000_000 + (sequence * 10_000);
        var message = new Message<byte[], byte[]> { Key = Encoding.ASCII.GetBytes(batch.Vin), Value = batch.ToByteArray(), Timestamp = new Timestamp(batch.StartTimeMs, TimestampType.CreateTime) };
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                _producer.Produce(TopicCatalogue.Telemetry.Name, message);
                Written++;
                return;
            }
            catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
            {
                _producer.Poll(TimeSpan.FromMilliseconds(5));
            }
        }
    }
}
