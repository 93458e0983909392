using System.Globalization;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>What Apache Kafka's load tools print (4.3), with decimal points.</summary>
internal static class PerfTestOutput
{
    private const int ConsumerFields = 10, RecordsRead = 4, FetchedPerSecond = 9;

    /// <summary>Of kafka-producer-perf-test: its last line is <c>N records sent, N.N records/sec (…), …</c>.</summary>
    /// <returns>Records a second.</returns>
    /// <exception cref="InvalidDataException">It says something else, or that fewer were sent.</exception>
    public static double Produced(string output, int records)
    {
        const string Sent = " records sent", Rate = " records/sec";
        return LastLine(output).Split(", ") is [var sent, var rate, ..] && sent.EndsWith(Sent, StringComparison.Ordinal) && rate.IndexOf(Rate, StringComparison.Ordinal) is > 0 and var end
            ? Check(sent[..^Sent.Length], rate[..end], records, output)
            : throw NotUnderstood(output, records);
    }

    /// <summary>
    /// Of kafka-consumer-perf-test without its heading: its last line has ten fields, of which the last is the records a second of the time
    /// spent on fetching, the joining of the group left out.
    /// </summary>
    /// <returns>Records a second.</returns>
    /// <exception cref="InvalidDataException">It says something else, or that fewer were read.</exception>
    public static double Consumed(string output, int records) => LastLine(output).Split(", ") is { Length: ConsumerFields } fields
        ? Check(fields[RecordsRead], fields[FetchedPerSecond], records, output)
        : throw NotUnderstood(output, records);

    private static double Check(string count, string rate, int records, string output) =>
        int.TryParse(count, CultureInfo.InvariantCulture, out var done) && done == records
        && double.TryParse(rate, CultureInfo.InvariantCulture, out var perSecond) && double.IsFinite(perSecond) && perSecond > 0
            ? perSecond
            : throw NotUnderstood(output, records);

    private static string LastLine(string output) => output.TrimEnd().Split('\n')[^1];

    private static InvalidDataException NotUnderstood(string output, int records) =>
        new($"The load tool's last line should say how quickly {records} records went, in the form of Apache Kafka 4.3. It printed: {output}");
}
