namespace Kappa.Iot.Embedded.Tests;

public sealed class ProgramTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("embedded-kafka-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task It_says_when_it_is_ready_and_stops_when_its_input_ends()
    {
        await using var server = await ServerProcess.StartAsync(_data, 0);
        Assert.Equal($"embedded-kafka: ready on 127.0.0.1:{server.Port}, data in {_data}", server.Ready);
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task A_second_server_on_the_same_data_or_port_is_refused_with_the_reason()
    {
        await using var server = await ServerProcess.StartAsync(_data, 0);
        var (code, error) = await RunAsync("--port", "0", "--data", _data);
        Assert.Equal(1, code);
        Assert.Contains("in use by another server", error, StringComparison.Ordinal);

        using var other = new ProgramTests();
        (code, error) = await RunAsync("--port", $"{server.Port}", "--data", other._data);
        Assert.Equal(1, code);
        Assert.Contains($"Cannot listen on 127.0.0.1:{server.Port}", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_without_its_file_is_kept_and_named()
    {
        await using (var server = await ServerProcess.StartAsync(_data, 0))
            Assert.Equal(0, await server.StopAsync());
        var topic = Directory.GetDirectories(Path.Combine(_data, "topics")).Single(d => Path.GetFileName(d).StartsWith("__consumer_offsets-", StringComparison.Ordinal));
        var file = Path.Combine(topic, "topic.json");
        var content = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        File.Delete(file);
        Directory.CreateDirectory(Path.Combine(topic, "0"));

        var (code, error) = await RunAsync("--port", "0", "--data", _data);
        Assert.Equal(1, code);
        Assert.Contains($"{topic} holds partitions but no topic.json", Assert.Single(error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(topic, "0")));

        await File.WriteAllTextAsync(file, content[..^5], TestContext.Current.CancellationToken);
        (code, error) = await RunAsync("--port", "0", "--data", _data);
        Assert.Equal(1, code);
        Assert.Contains($"{file} cannot be read", Assert.Single(error.Trim().Split('\n')), StringComparison.Ordinal);

        await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
        await using var again = await ServerProcess.StartAsync(_data, 0);
        Assert.Equal(0, await again.StopAsync());
    }

    [Theory]
    [InlineData("--port", "x")]
    [InlineData("--port", "70000")]
    [InlineData("--nothing", "1")]
    public async Task Wrong_usage_ends_with_2(string name, string value)
    {
        var (code, error) = await RunAsync(name, value);
        Assert.Equal(2, code);
        Assert.NotEmpty(error);
    }

    private static async Task<(int Code, string Error)> RunAsync(params string[] arguments)
    {
        using var process = ServerProcess.Launch(arguments);
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, error);
    }
}
