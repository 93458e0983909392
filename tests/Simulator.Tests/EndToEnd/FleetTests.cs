using System.Text.Json;
using Kappa.Iot.Contracts;
using Kappa.Iot.Simulator.Faults;
using Kappa.Iot.Simulator.Fleet;
using Kappa.Iot.Simulator.Publishing;
using MQTTnet.Protocol;

namespace Kappa.Iot.Simulator.Tests.EndToEnd;

public sealed class FleetTests
{
    private static BrokerOptions To(TestBroker broker) => new()
    {
        Host = "127.0.0.1",
        Port = broker.Port,
        FirstBackoff = TimeSpan.FromMilliseconds(50),
        LongestBackoff = TimeSpan.FromMilliseconds(500),
        ConnectRate = 1000,
    };

    [Theory]
    [InlineData(MQTTnet.Formatter.MqttProtocolVersion.V311)]
    [InlineData(MQTTnet.Formatter.MqttProtocolVersion.V500)]
    public async Task A_fleet_sends_its_past_and_goes_live(MQTTnet.Formatter.MqttProtocolVersion version)
    {
        await using var broker = await TestBroker.StartAsync();
        var options = new FleetOptions { Vehicles = 12, History = TimeSpan.FromMinutes(10), Duration = TimeSpan.FromSeconds(2) };
        using var fleet = new FleetRun(options, To(broker) with { Protocol = version }, TimeProvider.System);

        Assert.True(await fleet.RunAsync(TestContext.Current.CancellationToken));

        Assert.Empty(broker.Errors);
        Assert.Equal(broker.Distinct, fleet.Summary.Published);
        Assert.Equal(broker.Distinct, fleet.Summary.Acknowledged);
        Assert.True(broker.Distinct >= 12 * 60);
        await broker.UntilAsync(b => b.CleanDisconnects == 12);
        Assert.Empty(broker.Wills);
        foreach (var vehicle in broker.Batches.GroupBy(b => b.Vin))
        {
            Assert.True(Vin.IsValid(vehicle.Key));
            AssertGapless(vehicle);
        }
    }

    [Fact]
    public async Task A_broker_that_dies_and_comes_back_has_everything_in_the_end()
    {
        await using var broker = await TestBroker.StartAsync();
        var options = new FleetOptions { Vehicles = 8, History = TimeSpan.FromMinutes(40), Duration = TimeSpan.FromSeconds(1) };
        using var fleet = new FleetRun(options, To(broker), TimeProvider.System);
        var run = fleet.RunAsync(TestContext.Current.CancellationToken);

        for (var death = 1; death <= 3; death++)
        {
            var before = broker.Distinct;
            await broker.UntilAsync(b => b.Distinct > before + 150);
            await broker.KillAsync();
            await Task.Delay(300, TestContext.Current.CancellationToken);
            Assert.InRange(fleet.Status.Unacknowledged, 0, 8 * 16);
            await broker.ResumeAsync();
        }

        Assert.True(await run);
        Assert.True(fleet.Counters.Resent > 0);
        Assert.Equal(broker.Distinct, fleet.Summary.Acknowledged);
        Assert.Equal(fleet.Summary.Published, fleet.Summary.Acknowledged);
        foreach (var vehicle in broker.Batches.GroupBy(b => b.Vin)) AssertGapless(vehicle.OrderBy(b => b.Sequence));
    }

    [Fact]
    public async Task A_batch_that_the_broker_could_not_take_now_is_sent_again()
    {
        await using var broker = await TestBroker.StartAsync();
        var refusals = 0;
        broker.Answer = b => b.Sequence == 3 && Interlocked.Increment(ref refusals) < 4 ? MqttPubAckReasonCode.QuotaExceeded : MqttPubAckReasonCode.Success;
        using var fleet = new FleetRun(new FleetOptions { Vehicles = 1, History = TimeSpan.FromMinutes(2), Duration = TimeSpan.Zero }, To(broker), TimeProvider.System);

        Assert.True(await fleet.RunAsync(TestContext.Current.CancellationToken));
        Assert.Equal(broker.Distinct, fleet.Summary.Acknowledged);
        Assert.True(refusals >= 4);
    }

    [Fact]
    public async Task A_batch_that_is_refused_for_good_is_counted_and_the_rest_goes_on()
    {
        await using var broker = await TestBroker.StartAsync();
        broker.Answer = b => b.Sequence == 3 ? MqttPubAckReasonCode.PayloadFormatInvalid : MqttPubAckReasonCode.Success;
        using var fleet = new FleetRun(new FleetOptions { Vehicles = 2, History = TimeSpan.FromMinutes(2), Duration = TimeSpan.Zero }, To(broker), TimeProvider.System);

        Assert.False(await fleet.RunAsync(TestContext.Current.CancellationToken));
        Assert.Equal(2, fleet.Summary.Refused);
        Assert.Equal(fleet.Summary.Published - 2, fleet.Summary.Acknowledged);
        Assert.Equal(broker.Distinct, fleet.Summary.Acknowledged);
    }

    [Fact]
    public async Task A_bad_firmware_breaks_all_vehicles_that_run_it_and_no_other()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await TestBroker.StartAsync();
        var truth = folder.File("truth.jsonl");
        var faults = FaultOptions.Parse("firmware=2001,kinds=temperature-sensor-drift");
        using var fleet = new FleetRun(
            new FleetOptions { Vehicles = 30, Batch = TimeSpan.FromSeconds(1), Duration = TimeSpan.FromSeconds(4), Faults = faults, TruthFile = truth }, To(broker), TimeProvider.System);

        Assert.True(await fleet.RunAsync(TestContext.Current.CancellationToken));

        var firmware = SignalCatalogue.Get("Kappa.ControlUnit.FirmwareVersion").Id;
        var running = broker.Batches.ToLookup(b => b.Columns.Single(c => c.Signal == firmware).Values.Distinct().Single(), b => b.Vin);
        Assert.Equal([1407, 2000, 2001], running.Select(group => (int)group.Key).Order());
        Assert.Equal(running[2001].Distinct().Order(), Lines(truth).Where(l => l.ToMs is null).Select(l => l.Vin).Order());
    }

    [Fact]
    public async Task Faults_wait_for_the_word_and_are_noted_as_they_happen()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await TestBroker.StartAsync();
        var truth = folder.File("truth.jsonl");
        using var process = SimulatorProcess.Start(
            "fleet", "--vehicles", "20", "--broker", broker.Address, "--batch", "1s", "--json", "--truth", truth, "--faults", "every=100ms,repair=2s,wait");
        await broker.UntilAsync(b => b.Distinct > 60);
        Assert.False(File.Exists(truth) && new FileInfo(truth).Length > 0);
        process.Say("faults on");
        await broker.UntilAsync(_ => File.Exists(truth) && Lines(truth).Count(l => l.ToMs is not null) > 2);
        process.Say("faults off");
        process.Say("inject tyre-leak");
        process.Say("inject flat-tyre");
        await process.StopAsync();

        Assert.Equal(0, process.ExitCode);
        Assert.Contains("no such command: 'inject flat-tyre'", process.Error, StringComparison.Ordinal);
        var lines = Lines(truth);
        var begun = lines.Where(l => l.ToMs is null).ToList();
        var ended = lines.Where(l => l.ToMs is not null).ToList();
        Assert.Equal(process.Last.GetProperty("faults_injected").GetInt32(), begun.Count);
        Assert.Equal(begun.Select(l => (l.Vin, l.FromMs)).Order(), ended.Select(l => (l.Vin, l.FromMs)).Order());
        Assert.All(ended, l => Assert.InRange(l.ToMs!.Value - l.FromMs, 0, 2000));
        Assert.All(begun, l => Assert.True(FaultNames.TryParse(l.Kind, out _)));
        var vehicles = broker.Batches.Select(b => b.Vin).ToHashSet();
        Assert.All(begun, l => Assert.Contains(l.Vin, vehicles));
    }

    [Fact]
    public async Task A_killed_simulator_goes_on_with_its_state_and_the_books_balance()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await TestBroker.StartAsync();
        string[] arguments = ["fleet", "--vehicles", "10", "--broker", broker.Address, "--history", "1h", "--json", "--state", folder.File("state"), "--duration", "1s"];
        for (var life = 1; life <= 3; life++)
        {
            using var killed = SimulatorProcess.Start(arguments);
            var before = broker.Distinct;
            await broker.UntilAsync(b => b.Distinct > before + 300);
            await killed.KillAsync();
            // Nobody said goodbye, so the broker speaks the vehicles' last will.
            await broker.UntilAsync(b => b.Wills.Count >= 10 * life);
        }

        Assert.Equal(broker.Names.Select(n => MqttTopics.Presence(n.Vin)).ToHashSet(), broker.Wills.ToHashSet());

        using var last = SimulatorProcess.Start(arguments);
        await last.ExitAsync();

        Assert.Equal(0, last.ExitCode);
        Assert.Equal(broker.Distinct, last.Last.GetProperty("acknowledged").GetInt32());
        Assert.Equal(broker.Distinct, last.Last.GetProperty("published").GetInt32());
        foreach (var vehicle in broker.Batches.GroupBy(b => b.Vin))
        {
            // Each life is a boot, named higher than the one before; together they are an hour without a hole.
            var inOrder = vehicle.OrderBy(b => b.BootId).ThenBy(b => b.Sequence).ToList();
            foreach (var boot in inOrder.GroupBy(b => b.BootId)) Assert.Equal(Enumerable.Range(1, boot.Count()).Select(i => (ulong)i), boot.Select(b => b.Sequence));
            for (var i = 1; i < inOrder.Count; i++) Assert.Equal(inOrder[i - 1].StartTimeMs + 10_000, inOrder[i].StartTimeMs);
            Assert.True(inOrder.Count >= 360);
        }
    }

    [Fact]
    public async Task Something_that_listens_but_is_no_broker_ends_with_a_clear_error()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var broker = new BrokerOptions { Host = "127.0.0.1", Port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port, AttemptTimeout = TimeSpan.FromMilliseconds(200) };
        using var fleet = new FleetRun(new FleetOptions { Vehicles = 2, ConnectTimeout = TimeSpan.FromSeconds(1) }, broker, TimeProvider.System);

        var error = await Assert.ThrowsAsync<IOException>(() => fleet.RunAsync(TestContext.Current.CancellationToken));
        Assert.Contains(broker.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mosquitto_acknowledges_everything()
    {
        const string mosquitto = "/usr/sbin/mosquitto";
        if (!File.Exists(mosquitto)) Assert.Skip("mosquitto is not installed.");
        using var folder = new TemporaryFolder();
        await using var free = await TestBroker.StartAsync();
        await free.KillAsync();
        await File.WriteAllTextAsync(
            folder.File("mosquitto.conf"), $"listener {free.Port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 4\n", TestContext.Current.CancellationToken);
        using var server = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(mosquitto, ["-c", folder.File("mosquitto.conf")]) { RedirectStandardError = true })!;
        try
        {
            Assert.Null(await BrokerProbe.WaitAsync(To(free), TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
            using var fleet = new FleetRun(new FleetOptions { Vehicles = 10, History = TimeSpan.FromMinutes(20), Duration = TimeSpan.Zero }, To(free), TimeProvider.System);
            Assert.True(await fleet.RunAsync(TestContext.Current.CancellationToken));
            Assert.True(fleet.Summary.Acknowledged >= 10 * 120);
            Assert.Equal(fleet.Summary.Published, fleet.Summary.Acknowledged);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_state_folder_of_another_fleet_is_refused()
    {
        using var folder = new TemporaryFolder();
        await using var broker = await TestBroker.StartAsync();
        var options = new FleetOptions { Vehicles = 2, StateFolder = folder.Path, Duration = TimeSpan.Zero };
        using (var fleet = new FleetRun(options, To(broker), TimeProvider.System)) await fleet.RunAsync(TestContext.Current.CancellationToken);

        var error = Assert.Throws<InvalidDataException>(() => new FleetRun(options with { Vehicles = 3 }, To(broker), TimeProvider.System));
        Assert.Contains("--vehicles 2", error.Message, StringComparison.Ordinal);
    }

    private static List<InjectedFault> Lines(string path) =>
        [.. File.ReadAllText(path).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => InjectedFault.Parse(l))];

    private static void AssertGapless(IEnumerable<TelemetryBatch> batches)
    {
        TelemetryBatch? before = null;
        foreach (var batch in batches)
        {
            Assert.Equal((before?.Sequence ?? 0) + 1, batch.Sequence);
            if (before is not null) Assert.Equal(before.StartTimeMs + 10_000, batch.StartTimeMs);
            before = batch;
        }
    }
}
