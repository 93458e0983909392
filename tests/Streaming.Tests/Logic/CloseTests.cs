using Kappa.Iot.Streaming.Tests.Fakes;

namespace Kappa.Iot.Streaming.Tests.Logic;

/// <summary>What else uses the client when it is closed: what native code does then with memory that is gone is not known.</summary>
public sealed class CloseTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task The_client_is_not_closed_while_a_restore_asks_it_where_to_go_on()
    {
        using var scenario = new Scenario(0);
        using var answer = new ManualResetEventSlim();
        var asks = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = 0;
        scenario.Log.OnAsked = () =>
        {
            if (Interlocked.Increment(ref asked) == 1) return; // when it joins
            asks.TrySetResult();
            Assert.True(answer.Wait(Enough));
        };
        scenario.OnProcess = _ => throw new InvalidOperationException("In the middle of its work.");
        scenario.Log.Write(0, "a");

        var running = scenario.RunAsync();
        await asks.Task.WaitAsync(Enough, TestContext.Current.CancellationToken);
        var reader = scenario.Log.Reader;
        scenario.Stop();
        SpinWait.SpinUntil(() => scenario.Log.Reader is null, TimeSpan.FromSeconds(2)); // it would be closed by now
        var atAnswer = scenario.Log.Reader;
        answer.Set();
        await running.WaitAsync(Enough, TestContext.Current.CancellationToken);

        Assert.NotNull(reader);
        Assert.Same(reader, atAnswer);
        Assert.Null(scenario.Log.Reader);
    }
}
