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
