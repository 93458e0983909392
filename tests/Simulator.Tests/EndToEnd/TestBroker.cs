using System.Buffers;
using System.Collections.Concurrent;
using System.Net;
using Kappa.Iot.Contracts;
using Kappa.Iot.Peers;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Kappa.Iot.Simulator.Tests.EndToEnd;

/// <summary>A real MQTT broker in this process that remembers every telemetry batch it has acknowledged.</summary>
internal sealed class TestBroker : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(string Vin, ulong Boot, ulong Sequence), int> _times = new();
    private MqttServer? _server;

    public int Port { get; } = FreePort.Take();

    public string Address => $"127.0.0.1:{Port}";

    public ConcurrentQueue<TelemetryBatch> Batches { get; } = new();

    public ConcurrentBag<string> Errors { get; } = [];

    /// <summary>Answer to a publish; success where not set.</summary>
    public Func<TelemetryBatch, MqttPubAckReasonCode>? Answer { get; set; }

    /// <summary>Presence topics on which the broker published a last will.</summary>
    public ConcurrentBag<string> Wills { get; } = [];

    public int CleanDisconnects => _cleanDisconnects;

    private int _cleanDisconnects;

    /// <summary>Distinct batches that were acknowledged with success.</summary>
    public int Distinct => _times.Count;

    public int Deliveries => _times.Values.Sum();

    public IEnumerable<(string Vin, ulong Boot, ulong Sequence)> Names => _times.Keys;

    public static async Task<TestBroker> StartAsync()
    {
        var broker = new TestBroker();
        await broker.ResumeAsync();
        return broker;
    }

    public async Task ResumeAsync()
    {
        var options = new MqttServerOptionsBuilder()
            .WithDefaultEndpoint().WithDefaultEndpointPort(Port).WithDefaultEndpointBoundIPAddress(IPAddress.Loopback)
            .WithDefaultEndpointBoundIPV6Address(IPAddress.None).WithDefaultEndpointReuseAddress().Build();
        var server = new MqttServerFactory().CreateMqttServer(options);
        server.InterceptingPublishAsync += e =>
        {
            Take(e);
            return Task.CompletedTask;
        };
        server.ClientDisconnectedAsync += e =>
        {
            if (e.DisconnectType == MqttClientDisconnectType.Clean) Interlocked.Increment(ref _cleanDisconnects);
            return Task.CompletedTask;
        };
        await server.StartAsync();
        _server = server;
    }

    /// <summary>The broker is gone, and so are all connections.</summary>
    public async Task KillAsync()
    {
        if (_server is null) return;
        await _server.StopAsync(new MqttServerStopOptions());
        _server.Dispose();
        _server = null;
    }

    public async Task UntilAsync(Func<TestBroker, bool> reached)
    {
        var until = DateTime.UtcNow.AddMinutes(1);
        while (!reached(this))
        {
            Assert.True(DateTime.UtcNow < until, $"The broker has {Distinct} batches after a minute.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync() => await KillAsync();

    private void Take(InterceptingPublishEventArgs e)
    {
        var message = e.ApplicationMessage;
        if (message.Topic.EndsWith("/presence", StringComparison.Ordinal))
        {
            Wills.Add(message.Topic);
            return;
        }

        e.ProcessPublish = false;
        if (e.ClientId is null) return;
        var batch = TelemetryBatch.Parser.ParseFrom(message.Payload.ToArray());
        if (message.QualityOfServiceLevel != MqttQualityOfServiceLevel.AtLeastOnce) Errors.Add($"QoS {message.QualityOfServiceLevel}");
        if (message.Topic != MqttTopics.Telemetry(batch.Vin) || e.ClientId != batch.Vin) Errors.Add($"{e.ClientId} published {batch.Vin} on {message.Topic}");
        e.Response.ReasonCode = Answer?.Invoke(batch) ?? MqttPubAckReasonCode.Success;
        if (e.Response.ReasonCode != MqttPubAckReasonCode.Success) return;
        if (_times.AddOrUpdate((batch.Vin, batch.BootId, batch.Sequence), 1, (_, n) => n + 1) == 1) Batches.Enqueue(batch);
    }
}
