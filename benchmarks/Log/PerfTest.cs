using System.Diagnostics;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>
/// A server under Apache Kafka's own load tools, kafka-producer-perf-test and kafka-consumer-perf-test: the field's usual measure, by programs
/// that none of those who wrote the measured server had a hand in. Every run is a process of its own with a topic, or a group, of its own.
/// </summary>
internal sealed class PerfTest : IAsyncDisposable
{
    private const string Producer = "kafka-producer-perf-test", Consumer = "kafka-consumer-perf-test";

    /// <summary>The consumer gives up after so long without a record, and joining the group counts: its own 10 s are short on a busy machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ServerProcess _server;
    private readonly LogPlan _plan;

    private PerfTest(ServerProcess server, LogPlan plan) => (_server, _plan) = (server, plan);

    /// <summary>Whether $PEERS has the tools.</summary>
    public static bool IsHere => File.Exists(PathOf(Producer)) && File.Exists(PathOf(Consumer));

    /// <summary>Starts a server and fills it with what is to be read.</summary>
    public static async Task<PerfTest> StartAsync(ServerKind kind, LogPlan plan, CancellationToken cancel)
    {
        var test = new PerfTest(await ServerProcess.StartAsync(kind, cancel), plan);
        try
        {
            foreach (var size in RecordSize.All)
            {
                // Where the producer waits for full batches, how full they are does not depend on how quickly the server answers.
                await test.ProduceAsync(size.Name, size, plan.PerfTestRecordsToRead, ["linger.ms=500"], cancel);
                var (records, batches) = new RawFetch(test._server.Address, size.Name, unpacks: false).Count(plan.PerfTestRecordsToRead * size.Share, cancel);
                Console.Error.WriteLine($"{kind.Name} holds {records} records of {size.Bytes} B in {batches} batches, for {Consumer}");
            }

            return test;
        }
        catch
        {
            await test.DisposeAsync();
            throw;
        }
    }

    /// <summary>One turn.</summary>
    /// <exception cref="InvalidOperationException">A tool failed.</exception>
    /// <exception cref="InvalidDataException">A tool did less than it was told, or prints something else than is known.</exception>
    public async Task<LogFigures> MeasureAsync(CancellationToken cancel)
    {
        var figures = new Dictionary<string, double>();
        foreach (var size in RecordSize.All)
        {
            figures[$"perf_test_produced_{size.Name}_per_s"] = await ProduceAsync($"{size.Name}-{Guid.NewGuid():N}", size, _plan.PerfTestRecordsToProduce, [], cancel);
            figures[$"perf_test_consumed_{size.Name}_per_s"] = await ConsumeAsync(size, cancel);
        }

        return new LogFigures(figures);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task<double> ProduceAsync(string topic, RecordSize size, int records, string[] properties, CancellationToken cancel)
    {
        await _server.CreateTopicsAsync(topic);
        var count = records * size.Share;
        return PerfTestOutput.Produced(await RunAsync(Producer, [
            "--bootstrap-server", _server.Address, "--topic", topic, "--num-records", $"{count}", "--record-size", $"{size.Bytes}", "--throughput", "-1",
            "--command-property", "acks=all", "batch.size=65536", .. properties,
        ], cancel), count);
    }

    private async Task<double> ConsumeAsync(RecordSize size, CancellationToken cancel)
    {
        var count = _plan.PerfTestRecordsToRead * size.Share;
        return PerfTestOutput.Consumed(await RunAsync(Consumer, [
            "--bootstrap-server", _server.Address, "--topic", size.Name, "--num-records", $"{count}", "--group", $"{Guid.NewGuid():N}", "--hide-header",
            "--timeout", $"{Patience.TotalMilliseconds}",
        ], cancel), count);
    }

    private static async Task<string> RunAsync(string tool, string[] arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(PathOf(tool), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C"; // decimal points
        using var process = Process.Start(start)!;
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
            await Task.WhenAll(output, errors);
            await process.WaitForExitAsync(cancel);
            return process.ExitCode == 0
                ? await output
                : throw new InvalidOperationException($"{tool} ended with exit code {process.ExitCode}: {await errors}{await output}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static string PathOf(string tool) => Path.Combine(ServerKind.PeersFolder, "kafka", tool);
}
