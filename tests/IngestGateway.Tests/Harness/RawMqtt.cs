using System.Net.Sockets;
using MQTTnet.Adapter;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>MQTT a packet at a time, for what no proper client does.</summary>
internal sealed class RawMqtt : IDisposable
{
    private readonly TcpClient _tcp = new();
    private readonly MqttPacketFormatterAdapter _formatter;

    private RawMqtt(MqttProtocolVersion version) => _formatter = new MqttPacketFormatterAdapter(version, new MqttBufferWriter(4096, 65535));

    public NetworkStream Stream { get; private set; } = null!;

    public static async Task<RawMqtt> OpenAsync(int port, MqttProtocolVersion version = MqttProtocolVersion.V311)
    {
        var raw = new RawMqtt(version);
        await raw._tcp.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken);
        raw.Stream = raw._tcp.GetStream();
        return raw;
    }

    public static async Task<RawMqtt> ConnectAsync(int port, string clientId, MqttProtocolVersion version = MqttProtocolVersion.V311, bool clean = true, ushort keepAlive = 0, bool will = false)
    {
        var raw = await OpenAsync(port, version);
        await raw.SendAsync(new MqttConnectPacket
        {
            ClientId = clientId,
            RequestProblemInformation = true,
            CleanSession = clean,
            KeepAlivePeriod = keepAlive,
            WillFlag = will,
            WillTopic = will ? Contracts.MqttTopics.Presence(clientId) : null,
            WillMessage = will ? [1] : null,
        });
        var answer = Assert.IsType<MqttConnAckPacket>(await raw.ReceiveAsync());
        Assert.Equal(MqttConnectReturnCode.ConnectionAccepted, answer.ReturnCode);
        return raw;
    }

    public async Task SendAsync(MqttPacket packet)
    {
        var buffer = _formatter.Encode(packet);
        await Stream.WriteAsync(buffer.Join().AsMemory(), TestContext.Current.CancellationToken);
        _formatter.Cleanup();
    }

    public Task PublishAsync(string topic, byte[] payload, ushort id, MqttQualityOfServiceLevel qos = MqttQualityOfServiceLevel.AtLeastOnce, bool dup = false) =>
        SendAsync(new MqttPublishPacket { Topic = topic, PayloadSegment = payload, PacketIdentifier = id, QualityOfServiceLevel = qos, Dup = dup });

    /// <summary>The next packet; null where the gateway closed the connection.</summary>
    public async Task<MqttPacket?> ReceiveAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            var first = new byte[1];
            if (await Stream.ReadAsync(first, patience.Token) == 0) return null;
            int length = 0, shift = 0;
            var part = new byte[1];
            do
            {
                await Stream.ReadExactlyAsync(part, patience.Token);
                length |= (part[0] & 0x7F) << shift;
                shift += 7;
            }
            while ((part[0] & 0x80) != 0);
            var body = new byte[length];
            await Stream.ReadExactlyAsync(body, patience.Token);
            return _formatter.Decode(new ReceivedMqttPacket(first[0], new ArraySegment<byte>(body), length + 2));
        }
        catch (IOException)
        {
            return null; // reset
        }
    }

    public void Dispose() => _tcp.Dispose();
}
