using Confluent.Kafka;

namespace Kappa.Iot.Embedded.Tests;

public sealed class ConfigFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("embedded-kafka-config-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task What_the_file_says_holds_and_the_command_line_wins()
    {
        var path = await WriteAsync($$"""
            {
              "port": 1, "dataDirectory": "{{Path.Combine(_directory, "data").Replace('\\', '/')}}",
              "saslUsers": { "a": "b" }, "maxIdle": "00:05:00", // a remark
            }
            """);
        using var process = ServerProcess.Launch("--config", path, "--port", "0");
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var ready = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.Contains(_directory, ready, StringComparison.Ordinal);
        var config = new AdminClientConfig
        {
            BootstrapServers = ready!.Split(' ')[3].TrimEnd(','),
            SecurityProtocol = SecurityProtocol.SaslPlaintext,
            SaslMechanism = SaslMechanism.Plain,
            SaslUsername = "a",
            SaslPassword = "b",
        };
        using (var admin = new AdminClientBuilder(config).Build())
            Assert.Single(admin.GetMetadata(TimeSpan.FromSeconds(60)).Brokers);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task Port_0_in_the_file_takes_a_free_one_and_a_relative_folder_is_beside_the_file()
    {
        var path = await WriteAsync("""{ "port": 0, "dataDirectory": "data" }""");
        using var process = ServerProcess.Launch("--config", path);
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var ready = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.Matches(@"127\.0\.0\.1:\d+,", ready);
        Assert.DoesNotContain(":9092,", ready, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_directory, "data"), ready, StringComparison.Ordinal);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("""{ "port": 1, "prot": 2, "flsh": true }""", "unknown: prot, flsh")]
    [InlineData("""{ "port": "many" }""", "$.port")]
    [InlineData("""[1]""", "one JSON object")]
    [InlineData("""{ "maxIdle": "00:00:00", "maxConnections": 0 }""", "maxConnections has to be")]
    [InlineData("""{ "maxRequestSize": 2147483647, "maxBufferMemory": 9000000000 }""", "maxRequestSize has to be 1024 to 1073741824")]
    [InlineData("""{ "maxFetchSize": 2147483647 }""", "maxFetchSize has to be 1024 to 1073741824")]
    [InlineData("""{ "maxProducers": 0 }""", "maxProducers has to be at least 1000")]
    [InlineData("""{ "saslUsers": null }""", "saslUsers has to be")]
    [InlineData("""{ "saslUsers": { "a": null } }""", "saslUsers has to be")]
    [InlineData("""{ "dataDirectory": "" }""", "the data folder has an empty name")]
    [InlineData("""{ "cleaningInterval": "60.00:00:00" }""", "cleaningInterval has to be 10 ms to 49 days")]
    [InlineData("""{ "minSessionTimeout": "-1:00:00" }""", "minSessionTimeout has to be longer than nothing")]
    [InlineData("""{ "offsetsRetention": "7" }""", "hh:mm:ss")]
    [InlineData("""{ "offsetsRetention": "24:00:00" }""", "hh:mm:ss")]
    [InlineData("""{ "offsetsRetention": 7 }""", "hh:mm:ss")]
    [InlineData("""{ "logger": {} }""", "unknown: logger")]
    [InlineData("""{ "tlsKey": "x" }""", "need a tlsCertificate")]
    public async Task A_mistake_is_named_and_ends_with_2(string json, string named)
    {
        using var process = ServerProcess.Launch("--config", await WriteAsync(json));
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, process.ExitCode);
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    private async Task<string> WriteAsync(string json)
    {
        var path = Path.Combine(_directory, "kafka.json");
        await File.WriteAllTextAsync(path, json, TestContext.Current.CancellationToken);
        return path;
    }
}
