using System.Text;
using Google.Protobuf;
using Kappa.Iot.Contracts;
using Kappa.Iot.Streaming;
using Microsoft.Extensions.Logging;

namespace Kappa.Iot.TrainingJob.Log;

/// <summary>Which vehicles have an open alert now: the fold of the compacted alerts topic.</summary>
internal static class OpenAlerts
{
    /// <returns>By vehicle, the types of its open alerts in words.</returns>
    public static async Task<IReadOnlyDictionary<string, string>> ReadAsync(KafkaOptions kafka, ILogger logger, CancellationToken cancel)
    {
        var open = new SortedDictionary<string, (string Vin, AlertType Type)>(StringComparer.Ordinal);
        var reader = new LogReader(kafka, "training-job-alerts", logger);
        await reader.ReadAsync(await reader.FindAsync(TopicCatalogue.Alerts.Name, LogStart.Beginning, cancel), (records, _) =>
        {
            foreach (var record in records)
            {
                var key = Encoding.UTF8.GetString(record.Message.Key ?? []);
                if (Parse(record.Message.Value) is { Status: AlertStatus.Active } alert) open[key] = (alert.Vin, alert.Type);
                else open.Remove(key);
            }
            return ValueTask.CompletedTask;
        }, cancel);
        return open.Values.GroupBy(alert => alert.Vin).ToDictionary(vehicle => vehicle.Key, vehicle => string.Join(", ", vehicle.Select(alert => alert.Type.ToString().ToLowerInvariant()).Order(StringComparer.Ordinal)));
    }

    private static Alert? Parse(byte[]? value)
    {
        if (value is null) return null;
        try
        {
            return Alert.Parser.ParseFrom(value);
        }
        catch (InvalidProtocolBufferException)
        {
            return null; // says nothing of any vehicle
        }
    }
}
