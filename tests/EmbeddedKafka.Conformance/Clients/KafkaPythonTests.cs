using System.Text.Json;
using static Kappa.Iot.Embedded.Conformance.KafkaClients;

namespace Kappa.Iot.Embedded.Conformance.Clients;

public sealed class KafkaPythonTests(Servers servers)
{
    /// <summary>Debian's kafka-python belongs to Debian's Python, whatever else is on the path.</summary>
    private static readonly Tool Python = new("/usr/bin/python3");

    [Theory]
    [MemberData(nameof(Servers.All), MemberType = typeof(Servers))]
    public async Task It_administers_produces_and_consumes_in_a_group(string server)
    {
        Assert.SkipUnless(File.Exists(Python.Path) && (await Python.TryAsync("", "-c", "import kafka")).ExitCode == 0, "kafka-python is not installed for /usr/bin/python3 (Debian: python3-kafka).");
        var kafka = await servers.ConnectAsync(server);
        var output = await Python.RunAsync(Path.Combine(AppContext.BaseDirectory, "Clients", "kafka_python.py"), kafka.BootstrapServers, NewName("python"), NewName("python-group"));

        using var said = JsonDocument.Parse(output);
        var result = said.RootElement;
        var codecs = result.GetProperty("codecs").EnumerateArray().Select(c => c.GetString()!).ToList();
        Assert.Superset(new HashSet<string> { "none", "gzip" }, codecs.ToHashSet());
        var consumed = result.GetProperty("consumed");
        Assert.Equal(codecs.Order(), consumed.EnumerateObject().Select(c => c.Name).Order());
        Assert.All(consumed.EnumerateObject(), c => Assert.Equal(100, c.Value.GetInt32()));
        Assert.Equal("123456", result.GetProperty("retention").GetString());
        Assert.Equal("99999", result.GetProperty("altered").GetString());
        Assert.Equal([0, 1, 2, 3], result.GetProperty("partitions").EnumerateArray().Select(p => p.GetInt32()));
        Assert.Equal(100 * codecs.Count, result.GetProperty("ends").GetInt32());
        Assert.Equal(100 * codecs.Count, result.GetProperty("committed").GetInt32());
        Assert.Equal(0, result.GetProperty("byTime").GetInt32());
        Assert.Equal("Empty", result.GetProperty("state").GetString());
        Assert.False(result.GetProperty("groupLeft").GetBoolean());
        Assert.False(result.GetProperty("topicLeft").GetBoolean());
    }
}
