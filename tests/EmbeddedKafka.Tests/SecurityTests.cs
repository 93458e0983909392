using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Kappa.Iot.Embedded.Tests;

public sealed class SecurityTests : IDisposable
{
    private const string User = "car=fleet,1";
    private const string Password = "correct horse";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("embedded-kafka-tls-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(SecurityProtocol.SaslPlaintext, SaslMechanism.Plain, "pem")]
    [InlineData(SecurityProtocol.SaslPlaintext, SaslMechanism.ScramSha256, "pem")]
    [InlineData(SecurityProtocol.SaslPlaintext, SaslMechanism.ScramSha512, "pem")]
    [InlineData(SecurityProtocol.SaslSsl, SaslMechanism.ScramSha512, "encrypted pem")]
    [InlineData(SecurityProtocol.SaslSsl, SaslMechanism.Plain, "pkcs12")]
    [InlineData(SecurityProtocol.Ssl, null, "pem")]
    public async Task A_client_that_may_connect_produces_and_consumes(SecurityProtocol protocol, SaslMechanism? mechanism, string certificate)
    {
        var options = Options(protocol, certificate);
        await using var kafka = await EmbeddedKafka.StartAsync(options, TestContext.Current.CancellationToken);
        var config = Client(kafka, protocol, mechanism, Password);
        using (var admin = new AdminClientBuilder(config).Build())
            await admin.CreateTopicsAsync([new TopicSpecification { Name = "t", NumPartitions = 1, ReplicationFactor = 1 }]);
        using (var producer = new ProducerBuilder<Null, byte[]>(config).Build())
        {
            for (var i = 0; i < 20; i++)
                await producer.ProduceAsync("t", new Message<Null, byte[]> { Value = new byte[60_000] }, TestContext.Current.CancellationToken);
        }

        using var consumer = new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig(config) { GroupId = "g", AutoOffsetReset = AutoOffsetReset.Earliest }).Build();
        consumer.Subscribe("t");
        for (var i = 0; i < 20; i++)
            Assert.Equal(60_000, consumer.Consume(Patience).Message.Value.Length);
        consumer.Close();
    }

    [Theory]
    [InlineData(SaslMechanism.Plain, User)]
    [InlineData(SaslMechanism.ScramSha256, User)]
    [InlineData(SaslMechanism.ScramSha512, User)]
    [InlineData(SaslMechanism.Plain, "nobody")]
    [InlineData(SaslMechanism.ScramSha256, "nobody")]
    public async Task A_wrong_password_or_name_is_refused_as_such(SaslMechanism mechanism, string user)
    {
        await using var kafka = await EmbeddedKafka.StartAsync(Options(SecurityProtocol.SaslPlaintext, ""), TestContext.Current.CancellationToken);
        var config = Client(kafka, SecurityProtocol.SaslPlaintext, mechanism, user == User ? "wrong" : Password);
        config.SaslUsername = user;
        Assert.Equal(ErrorCode.Local_Authentication, await FirstErrorAsync(config));
    }

    [Theory]
    [InlineData(SecurityProtocol.SaslPlaintext)]
    [InlineData(SecurityProtocol.Ssl)]
    public async Task A_client_without_credentials_gets_no_answer(SecurityProtocol protocol)
    {
        await using var kafka = await EmbeddedKafka.StartAsync(Options(protocol, "pem"), TestContext.Current.CancellationToken);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        Assert.Throws<KafkaException>(() => admin.GetMetadata(TimeSpan.FromSeconds(3)));

        using var good = new AdminClientBuilder(Client(kafka, protocol, protocol == SecurityProtocol.Ssl ? null : SaslMechanism.Plain, Password)).Build();
        Assert.Single(good.GetMetadata(Patience).Brokers);
    }

    [Theory]
    [InlineData(Password, true)]
    [InlineData("wrong", false)]
    public async Task After_the_old_handshake_tokens_come_without_headers(string password, bool right)
    {
        await using var kafka = await EmbeddedKafka.StartAsync(Options(SecurityProtocol.SaslPlaintext, ""), TestContext.Current.CancellationToken);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, kafka.Port, TestContext.Current.CancellationToken);
        await using var stream = client.GetStream();
        Assert.Equal((short?)0, await AskAsync(stream, [0, 17, 0, 0, 0, 0, 0, 1, 0, 1, (byte)'x', 0, 5, .. "PLAIN"u8], errorAt: 4));
        if (!right)
        {
            await Assert.ThrowsAnyAsync<IOException>(() => AskAsync(stream, [0, .. Encoding.UTF8.GetBytes(User), 0, .. Encoding.UTF8.GetBytes(password)], null));
            return;
        }

        Assert.Null(await AskAsync(stream, [0, .. Encoding.UTF8.GetBytes(User), 0, .. Encoding.UTF8.GetBytes(password)], null));
        Assert.Equal((short?)1, await AskAsync(stream, [0, 3, 0, 1, 0, 0, 0, 2, 0, 1, (byte)'x', 0, 0, 0, 0], errorAt: 6));
    }

    /// <returns>The 16-bit number at a place in the answer; null for an empty answer.</returns>
    private static async Task<short?> AskAsync(NetworkStream stream, byte[] frame, int? errorAt)
    {
        var cancel = TestContext.Current.CancellationToken;
        var size = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(size, frame.Length);
        await stream.WriteAsync((byte[])[.. size, .. frame], cancel);
        await stream.ReadExactlyAsync(size, cancel);
        var answer = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
        await stream.ReadExactlyAsync(answer, cancel);
        return errorAt is { } at ? BinaryPrimitives.ReadInt16BigEndian(answer.AsSpan(at)) : answer.Length == 0 ? null : throw new InvalidDataException($"{answer.Length} bytes were not expected.");
    }

    [Fact]
    public async Task StartAsync_WithACertificateThatIsNone_SaysSo()
    {
        var path = Path.Combine(_directory, "rubbish.pem");
        await File.WriteAllTextAsync(path, "rubbish", TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => EmbeddedKafka.StartAsync(new EmbeddedKafkaOptions { TlsCertificate = path }, TestContext.Current.CancellationToken));
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    private static async Task<ErrorCode> FirstErrorAsync(ClientConfig config)
    {
        var error = new TaskCompletionSource<ErrorCode>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var admin = new AdminClientBuilder(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, e) =>
        {
            if (e.Code != ErrorCode.Local_AllBrokersDown)
                error.TrySetResult(e.Code);
        }).Build();
        return await error.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
    }

    private ClientConfig Client(EmbeddedKafka kafka, SecurityProtocol protocol, SaslMechanism? mechanism, string password) => new()
    {
        BootstrapServers = kafka.BootstrapServers,
        SecurityProtocol = protocol,
        SaslMechanism = mechanism,
        SaslUsername = mechanism is null ? null : User,
        SaslPassword = mechanism is null ? null : password,
        SslCaLocation = protocol is SecurityProtocol.Ssl or SecurityProtocol.SaslSsl ? Path.Combine(_directory, "ca.pem") : null,
    };

    private EmbeddedKafkaOptions Options(SecurityProtocol protocol, string certificate)
    {
        var options = new EmbeddedKafkaOptions();
        if (protocol is SecurityProtocol.SaslPlaintext or SecurityProtocol.SaslSsl)
            options = options with { SaslUsers = new Dictionary<string, string> { [User] = Password, ["other"] = "other" } };
        if (protocol is SecurityProtocol.SaslPlaintext)
            return options;

        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var (pem, keyPath, pfx) = (Path.Combine(_directory, "ca.pem"), Path.Combine(_directory, "key.pem"), Path.Combine(_directory, "server.p12"));
        File.WriteAllText(pem, made.ExportCertificatePem());
        File.WriteAllText(keyPath, certificate == "encrypted pem"
            ? key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000))
            : key.ExportPkcs8PrivateKeyPem());
        File.WriteAllBytes(pfx, made.Export(X509ContentType.Pkcs12, "secret"));
        return certificate switch
        {
            "pkcs12" => options with { TlsCertificate = pfx, TlsPassword = "secret" },
            "encrypted pem" => options with { TlsCertificate = pem, TlsKey = keyPath, TlsPassword = "secret" },
            _ => options with { TlsCertificate = pem, TlsKey = keyPath },
        };
    }
}
