namespace Kappa.Iot.Simulator.Terminal;

/// <summary>A JSON line a second on standard output, for whoever started the simulator.</summary>
internal static class JsonStatus
{
    public static async Task ShowAsync<T>(Func<T> status, Task until)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        while (!until.IsCompleted)
        {
            Console.WriteLine(Json.Line(status()));
            await Task.WhenAny(until, timer.WaitForNextTickAsync().AsTask());
        }
    }
}
