namespace Kappa.Iot.IngestGateway.Tests;

public sealed class InFlightGateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Enter_AboveTheCount_WaitsForOneToLeaveInTurn()
    {
        var gate = new InFlightGate(2, 1_000);
        await gate.EnterAsync(1, Cancel);
        await gate.EnterAsync(1, Cancel);
        var third = gate.EnterAsync(1, Cancel).AsTask();
        var fourth = gate.EnterAsync(1, Cancel).AsTask();
        Assert.False(third.IsCompleted);

        gate.Leave(1);
        await third;
        Assert.False(fourth.IsCompleted);
        gate.Leave(1);
        await fourth;
        Assert.Equal(2, gate.Count);
    }

    [Fact]
    public async Task Enter_AboveTheBytes_WaitsUntilTheyFit()
    {
        var gate = new InFlightGate(100, 1_000);
        await gate.EnterAsync(600, Cancel);
        var second = gate.EnterAsync(500, Cancel).AsTask();
        Assert.False(second.IsCompleted);
        gate.Leave(600);
        await second;
        Assert.Equal(500, gate.Bytes);
    }

    [Fact]
    public async Task Enter_LargerThanTheGate_GoesAlone()
    {
        var gate = new InFlightGate(100, 1_000);
        await gate.EnterAsync(5_000, Cancel);
        Assert.Equal(1, gate.Count);
    }

    [Fact]
    public async Task Enter_GivenUp_TakesNoPlace()
    {
        var gate = new InFlightGate(1, 1_000);
        await gate.EnterAsync(1, Cancel);
        using var gone = new CancellationTokenSource();
        var second = gate.EnterAsync(1, gone.Token).AsTask();
        var third = gate.EnterAsync(1, Cancel).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);

        gate.Leave(1);
        await third;
        Assert.Equal(1, gate.Count);
    }

    [Fact]
    public async Task Enter_FromManyAtOnce_NeverExceedsTheLimitAndEndsEmpty()
    {
        var gate = new InFlightGate(10, 10_000);
        var most = 0;
        await Parallel.ForAsync(0, 2_000, new ParallelOptions { MaxDegreeOfParallelism = 50, CancellationToken = Cancel }, async (_, cancel) =>
        {
            await gate.EnterAsync(7, cancel);
            InterlockedMax(ref most, gate.Count);
            await Task.Yield();
            gate.Leave(7);
        });
        Assert.InRange(most, 1, 10);
        Assert.Equal(0, gate.Count);
        Assert.Equal(0, gate.Bytes);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen) { }
    }
}
