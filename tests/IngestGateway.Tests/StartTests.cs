using System.Net;
using System.Net.Sockets;

namespace Kappa.Iot.IngestGateway.Tests;

public sealed class StartTests
{
    [Fact]
    public async Task Start_WrongSettings_NamesThemAllAndExitsWith2()
    {
        var (exit, error, _) = await GatewayProcess.RunToEndAsync(
            "--Mqtt:Port=70000", "--Mqtt:Host=nowhere", "--Mqtt:MaxPacketSize=1", "--Publishing:MaxInFlight=0", "--Publishing:DeliveryTimeout=00:00:00", "--Kafka:BootstrapServers=");
        Assert.Equal(2, exit);
        foreach (var name in new[] { "Mqtt:Port", "Mqtt:Host", "Mqtt:MaxPacketSize", "Publishing:MaxInFlight", "Publishing:DeliveryTimeout", "Kafka:BootstrapServers" })
            Assert.Contains(name, error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--Urls=nonsense", "Urls")]
    [InlineData("--Mqtt:Port=many", "Mqtt:Port")]
    [InlineData("--Mqtt:Port=70000", "Mqtt:Port is 70000")]
    public async Task Start_UnreadableSetting_NamesItAndExitsWith2(string setting, string name)
    {
        var (exit, error, _) = await GatewayProcess.RunToEndAsync(setting);
        Assert.Equal(2, exit);
        Assert.Contains(name, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PortInUse_SaysSoInOneLineAndExitsWith1()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var (exit, error, output) = await GatewayProcess.RunToEndAsync($"--Mqtt:Port={port}", "--Urls=http://127.0.0.1:0", "--Kafka:BootstrapServers=127.0.0.1:1");

        Assert.Equal(1, exit);
        Assert.Contains($":{port}", Assert.Single(error.Trim().Split('\n')), StringComparison.Ordinal);
        Assert.Contains("--Mqtt:Port", error, StringComparison.Ordinal);
        Assert.DoesNotContain("crit:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_ListsTheSettings()
    {
        var (exit, _, output) = await GatewayProcess.RunToEndAsync("--help");
        Assert.Equal(0, exit);
        Assert.Contains("--Kafka:BootstrapServers", output, StringComparison.Ordinal);
    }
}
