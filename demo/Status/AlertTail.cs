using System.Collections.Concurrent;
using Kappa.Iot.Contracts;
using Kappa.Iot.Demo.Counting;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kappa.Iot.Demo.Status;

/// <summary>Follows the alerts as the log gets them.</summary>
internal sealed class AlertTail : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, bool> _raised = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _following;

    public AlertTail(KafkaOptions kafka, LogBaseline baseline) => _following = FollowAsync(kafka, baseline);

    /// <summary>Different alerts so far.</summary>
    public int Raised => _raised.Count;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // it always ends by being cancelled
        _stop.Dispose();
    }

    private async Task FollowAsync(KafkaOptions kafka, LogBaseline baseline)
    {
        var reader = new LogReader(kafka, "demo-alerts", NullLogger.Instance);
        var ranges = await baseline.UpToNowAsync(reader, TopicCatalogue.Alerts, _stop.Token);
        await reader.FollowAsync(ranges, (records, _) =>
        {
            foreach (var record in records)
                if (record.Message.Value is { } value) _raised.TryAdd(Alert.Parser.ParseFrom(value).AlertId, true);
            return ValueTask.CompletedTask;
        }, caughtUp: null, _stop.Token);
    }
}
