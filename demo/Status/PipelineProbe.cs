using System.Diagnostics;
using Confluent.Kafka;
using Kappa.Iot.Contracts;
using Kappa.Iot.Demo.Counting;
using Kappa.Iot.Demo.Processes;

namespace Kappa.Iot.Demo.Status;

/// <summary>Looks at the running pipeline from outside: the fleet's reports, the consumer groups' positions, the alerts on the log.</summary>
internal sealed class PipelineProbe(
    IAdminClient admin, LogBaseline baseline, Fleet fleet, AlertTail alerts, Supervisor supervisor, Pipeline pipeline, Stopwatch clock)
{
    private TimeSpan _lastAt;
    private long _lastAcknowledged;

    public async Task<PipelineStatus> ReadAsync(string step)
    {
        var scorer = LagAsync(EndOffsets.ScorerGroup);
        var sink = LagAsync(EndOffsets.SinkGroup);
        await Task.WhenAll(scorer, sink);

        var (report, now) = (fleet.Report, clock.Elapsed);
        var rate = (report.Acknowledged - _lastAcknowledged) / Math.Max(0.001, (now - _lastAt).TotalSeconds);
        (_lastAcknowledged, _lastAt) = (report.Acknowledged, now);
        return new PipelineStatus
        {
            Step = step,
            Elapsed = now,
            Fleet = report,
            MessagesPerSecond = Math.Max(0, rate),
            ScorerLag = scorer.Result,
            SinkLag = sink.Result,
            Alerts = alerts.Raised,
            Processes = [.. supervisor.Processes.Select(p => $"{p.Name} {p.ProcessId}{(p.Running ? "" : " (stopped)")}{(p.Restarts > 0 ? $", restarted {p.Restarts}x" : "")}")],
            Restarts = supervisor.Processes.Sum(p => p.Restarts),
            Dashboard = pipeline.Dashboard,
        };
    }

    /// <summary>Waits until a consumer group has at most so many records of telemetry before it.</summary>
    public async Task WaitForLagAsync(string group, long atMost, CancellationToken cancel)
    {
        while (await LagAsync(group) is not { } lag || lag > atMost) await Task.Delay(TimeSpan.FromMilliseconds(300), cancel);
    }

    /// <summary>Null while the log does not answer, for example because it is being started again.</summary>
    private async Task<long?> LagAsync(string group)
    {
        try
        {
            return await EndOffsets.LagAsync(admin, group, baseline.Of(TopicCatalogue.Telemetry));
        }
        catch (KafkaException)
        {
            return null;
        }
    }
}
