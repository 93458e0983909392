using Kappa.Iot.Embedded;
using Kappa.Iot.Peers;

namespace Kappa.Iot.Streaming.Tests;

/// <summary>The log goes away and comes back with what it had.</summary>
public sealed class LogOutageTests
{
    private const int Records = 2_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Invariant", "2")]
    public async Task A_log_that_goes_away_in_the_middle_is_waited_for_and_the_output_is_that_of_an_undisturbed_run()
    {
        var folder = Directory.CreateTempSubdirectory("log-outage-");
        try
        {
            var options = new EmbeddedKafkaOptions { DataDirectory = folder.FullName, Port = FreePort.Take() };
            var kafka = await EmbeddedKafka.StartAsync(options, Cancel);
            try
            {
                var log = Log.At(kafka.BootstrapServers);
                var (input, output) = (await log.CreateTopicAsync(2), await log.CreateTopicAsync(2));
                log.Write(input, Enumerable.Range(0, Records).Select(i => (i % 2, $"{i}")));
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
                var transactional = Counting.Consumer(log, input, output, "one", () => Thread.Sleep(5)).RunAsync(stop.Token);
                for (var outage = 0; outage < 3; outage++)
                {
                    await Task.Delay(TimeSpan.FromSeconds(2), Cancel);
                    await kafka.DisposeAsync();
                    await Task.Delay(TimeSpan.FromSeconds(1), Cancel);
                    kafka = await EmbeddedKafka.StartAsync(options, Cancel);
                }

                for (var i = 0; i < 300 && (await log.ReadAsync(output)).Count < Records; i++) await Task.Delay(200, Cancel);
                await stop.CancelAsync();
                await transactional;

                var expected = Enumerable.Range(0, Records).OrderBy(i => i % 2).Select(i => (i % 2, $"{i}:{(i / 2) + 1}"));
                Assert.Equal(expected, await log.ReadAsync(output));
            }
            finally
            {
                await kafka.DisposeAsync();
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
