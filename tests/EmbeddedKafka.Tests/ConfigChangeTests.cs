using System.Buffers.Binary;
using System.Net.Sockets;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Kappa.Iot.Embedded.Protocol;
using Kappa.Iot.Embedded.Tests.Fuzz;

namespace Kappa.Iot.Embedded.Tests;

/// <summary>Changes of single settings that no client library sends.</summary>
public sealed class ConfigChangeTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Changes_that_make_no_sense_are_refused_and_change_nothing()
    {
        await using var kafka = await EmbeddedKafka.StartAsync(cancel: Cancel);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = "t", NumPartitions = 1, Configs = new() { ["retention.ms"] = "1000000" } }]);

        Assert.Equal(Protocol.ErrorCode.InvalidRequest, await ChangeAsync(kafka, (4, "5")));
        Assert.Equal(Protocol.ErrorCode.InvalidRequest, await ChangeAsync(kafka, (-1, "5")));
        Assert.Equal(Protocol.ErrorCode.InvalidRequest, await ChangeAsync(kafka, (0, null)));
        Assert.Equal(Protocol.ErrorCode.InvalidRequest, await ChangeAsync(kafka, (0, "5"), (0, "6")));
        Assert.Equal("1000000", await RetentionAsync());

        Assert.Equal(Protocol.ErrorCode.None, await ChangeAsync(kafka, (0, "2000000")));
        Assert.Equal("2000000", await RetentionAsync());
        Assert.Equal(Protocol.ErrorCode.None, await ChangeAsync(kafka, (1, null)));
        Assert.Equal("604800000", await RetentionAsync());

        async Task<string> RetentionAsync() =>
            (await admin.DescribeConfigsAsync([new ConfigResource { Type = ResourceType.Topic, Name = "t" }]))[0].Entries["retention.ms"].Value;
    }

    private static async Task<Protocol.ErrorCode> ChangeAsync(EmbeddedKafka kafka, params (sbyte Operation, string? Value)[] changes)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", kafka.Port, Cancel);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Requests.Make(ApiKey.IncrementalAlterConfigs, 0, flexible: false, w =>
        {
            w.ArrayLength(1);
            w.Int8(2);
            w.String("t");
            w.Array(changes, static (c, change) =>
            {
                c.String("retention.ms");
                c.Int8(change.Operation);
                c.String(change.Value);
            });
            w.Bool(false);
        }), Cancel);

        var answer = new byte[18]; // size, correlation id, throttle time, number of resources, error
        await stream.ReadExactlyAsync(answer, Cancel).AsTask().WaitAsync(Patience, Cancel);
        return (Protocol.ErrorCode)BinaryPrimitives.ReadInt16BigEndian(answer.AsSpan(16));
    }
}
