using System.Diagnostics;

namespace Kappa.Iot.DigitalTwinSink.Tests;

internal static class Until
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Waits for something to become true, for as long as a very busy machine may need.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, Func<Task<string>> otherwise)
    {
        var waited = Stopwatch.StartNew();
        while (!await condition())
        {
            if (waited.Elapsed > Patience) Assert.Fail(await otherwise());
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }
}
