using Kappa.Iot.Twins;

namespace Kappa.Iot.Demo.Counting;

internal static class TwinCensus
{
    private const int Page = 500;

    /// <summary>How many of these vehicles have a twin with telemetry in it.</summary>
    public static async Task<long> CountAsync(ITwinStore twins, IReadOnlySet<string> fleet)
    {
        var count = 0L;
        var query = new TwinQuery { Limit = Page };
        while (true)
        {
            var page = await twins.ListAsync(query, CancellationToken.None);
            count += page.Count(twin => twin.Reported is not null && fleet.Contains(twin.Vin));
            if (page.Count < Page) return count;
            query = query with { After = page[^1].Vin };
        }
    }
}
