using System.Globalization;
using System.Net.Sockets;
using Confluent.Kafka;
using Kappa.Iot.Embedded.Protocol;

namespace Kappa.Iot.Embedded.Tests.Fuzz;

public sealed class FuzzTests : IDisposable
{
    private const int Attackers = 24, CasesPerAttacker = 1_000;
    private const long MemoryBound = 256L * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly string _data = Directory.CreateTempSubdirectory("embedded-kafka-fuzz-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    [Trait("Invariant", "1")]
    public async Task Twenty_four_thousand_wrong_requests_cost_their_connections_and_nothing_else()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("FUZZ_SEED"), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        await using var proxy = new RecordingProxy();
        await using var server = await ServerProcess.StartAsync(_data, 0, "--advertised-port", $"{proxy.Port}");
        proxy.Start(server.Port);
        var requests = await RecordAsync(proxy);
        var bystander = new Bystander($"127.0.0.1:{proxy.Port}", "bystander");
        await bystander.CreateTopicAsync();
        using var stop = new CancellationTokenSource();
        var beside = Task.Run(() => bystander.RunAsync(stop.Token), TestContext.Current.CancellationToken);

        await AttackAsync(server.Port, requests, new Random(seed), CasesPerAttacker / 10); // what is only made once is made now
        await Task.Delay(1_000, TestContext.Current.CancellationToken);
        var (memory, sockets) = (Memory(server), Sockets(server));
        var attackers = await AttackAsync(server.Port, requests, new Random(seed), CasesPerAttacker);
        await WaitForSocketsAsync(server, sockets + 4);
        var grown = Memory(server) - memory;
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{attackers.Sum(a => a.Answers)} answered, {attackers.Sum(a => a.Closed)} closed, {attackers.Sum(a => a.Silent)} silent; "
            + $"memory {memory >> 20} MiB and {grown >> 20} MiB more, sockets {sockets} and now {Sockets(server)}");

        await stop.CancelAsync();
        await beside;
        bystander.Check($"127.0.0.1:{proxy.Port}");
        Assert.False(server.HasExited);
        Assert.True(grown < MemoryBound, $"The server's memory has grown by {grown >> 20} MiB.");
        Assert.DoesNotContain(server.Errors, line => line.Contains("a request failed", StringComparison.Ordinal));
        var code = await server.StopAsync();
        Assert.True(code == 0, $"The server ended with {code}: {string.Join(Environment.NewLine, server.Errors.TakeLast(5))}");
        await ReopenAsync(bystander);
    }

    /// <summary>Whoever has not said who it is gets nothing, whatever it sends on the way there.</summary>
    [Fact]
    public async Task Five_thousand_wrong_requests_before_authentication_open_no_door()
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var options = new EmbeddedKafkaOptions { SaslUsers = new Dictionary<string, string> { ["fleet"] = "correct horse" } };
        await using var kafka = await EmbeddedKafka.StartAsync(options, TestContext.Current.CancellationToken);
        var attackers = await AttackAsync(kafka.Port, [.. Requests.Authentication(), Requests.CreateTopic("intruder")], new Random(seed), 210);
        TestContext.Current.TestOutputHelper!.WriteLine($"{attackers.Sum(a => a.Answers)} answered, {attackers.Sum(a => a.Closed)} closed, {attackers.Sum(a => a.Silent)} silent");

        using var admin = new AdminClientBuilder(new AdminClientConfig
        {
            BootstrapServers = kafka.BootstrapServers,
            SecurityProtocol = SecurityProtocol.SaslPlaintext,
            SaslMechanism = SaslMechanism.ScramSha256,
            SaslUsername = "fleet",
            SaslPassword = "correct horse",
        }).Build();
        Assert.Empty(Topics(admin));
        await admin.CreateTopicsAsync([new() { Name = "welcome", NumPartitions = 1, ReplicationFactor = 1 }]);
        Assert.Equal("welcome", Assert.Single(Topics(admin)));
        Assert.Equal("intruder", await TopicMadeOnAnOpenServerAsync(Requests.CreateTopic("intruder")));
    }

    /// <summary>What the request would have done.</summary>
    private static async Task<string> TopicMadeOnAnOpenServerAsync(byte[] request)
    {
        await using var open = await EmbeddedKafka.StartAsync(cancel: TestContext.Current.CancellationToken);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync("127.0.0.1", open.Port, TestContext.Current.CancellationToken);
        await tcp.GetStream().WriteAsync(request, TestContext.Current.CancellationToken);
        await tcp.GetStream().ReadExactlyAsync(new byte[8], TestContext.Current.CancellationToken);
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = open.BootstrapServers }).Build();
        return Assert.Single(Topics(admin));
    }

    private static IEnumerable<string> Topics(IAdminClient admin) =>
        admin.GetMetadata(Patience).Topics.Select(t => t.Topic).Where(name => !name.StartsWith("__", StringComparison.Ordinal));

    private async Task ReopenAsync(Bystander bystander)
    {
        await using var again = await ServerProcess.StartAsync(_data, 0);
        bystander.Check($"127.0.0.1:{again.Port}");
        Assert.Equal(0, await again.StopAsync());
        Assert.DoesNotContain(again.Errors, line => line.Contains("Warning", StringComparison.Ordinal) || line.Contains("Error", StringComparison.Ordinal));
    }

    /// <summary>Right requests of every kind: recorded, made by hand, or at least with a right header.</summary>
    private static async Task<IReadOnlyList<byte[]>> RecordAsync(RecordingProxy proxy)
    {
        await Traffic.RunAsync($"127.0.0.1:{proxy.Port}");
        var byKind = proxy.Requests.Values.ToList();
        Assert.True(proxy.Requests.Keys.Select(k => k.Api).Distinct().Count() >= 25, $"Only {string.Join(", ", proxy.Requests.Keys)} were recorded.");
        byKind.AddRange(Requests.All().Select(r => (byte[][])[r]));
        var known = byKind.Select(k => BitConverter.ToInt16([k[0][5], k[0][4]])).ToHashSet();
        byKind.AddRange(ApiTable.All.Where(api => !known.Contains((short)api.Key)).Select(api =>
            (byte[][])[Requests.Make(api.Key, api.MaxVersion, api.IsFlexible(api.MaxVersion), w => w.Int64(0))]));

        // Every kind as often as any other.
        return [.. byKind.SelectMany(kind => Enumerable.Range(0, 8).Select(i => kind[i % kind.Length]))];
    }

    private static async Task<List<Attacker>> AttackAsync(int port, IReadOnlyList<byte[]> requests, Random random, int cases)
    {
        var attackers = Enumerable.Range(0, Attackers).Select(_ => new Attacker(port, requests, new Random(random.Next()))).ToList();
        await Task.WhenAll(attackers.Select(a => Task.Run(() => a.RunAsync(cases))));
        return attackers;
    }

    private static long Memory(ServerProcess server) =>
        long.Parse(File.ReadLines($"/proc/{server.Id}/status").First(l => l.StartsWith("VmRSS", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;

    private static int Sockets(ServerProcess server) =>
        Directory.GetFiles($"/proc/{server.Id}/fd").Count(f => new FileInfo(f).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    private static async Task WaitForSocketsAsync(ServerProcess server, int atMost)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (Sockets(server) > atMost)
        {
            Assert.True(DateTime.UtcNow < deadline, $"{Sockets(server)} sockets are still open, {atMost} are expected.");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }
}
