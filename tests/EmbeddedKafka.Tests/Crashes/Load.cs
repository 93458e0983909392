namespace Kappa.Iot.Embedded.Tests.Crashes;

/// <summary>All that happens to the server at once.</summary>
internal sealed class Load(string address) : IDisposable
{
    private readonly CancellationTokenSource _producing = new();
    private readonly CancellationTokenSource _working = new();
    private Task _producers = Task.CompletedTask;
    private Task _workers = Task.CompletedTask;

    public string Address => address;

    public IReadOnlyList<IdempotentLoad> Idempotent { get; } = [.. Enumerable.Range(0, 3).Select(i => new IdempotentLoad(address, $"p{i}", "plain"))];

    public TransactionalLoad Transactional { get; } = new(address, "transactional");

    public TransformWorker Worker { get; } = new(address, "transform-worker", "plain", "transformed", TimeSpan.Zero);

    /// <summary>Beside the other's commits and aborts, its transactions with offsets in them are open most of the time.</summary>
    public TransformWorker SlowWorker { get; } = new(address, "slow-worker", "plain", "transformed-slowly", TimeSpan.FromSeconds(1));

    public GroupReader Reader { get; } = new(address, "transactional");

    public IEnumerable<string> Failures => Idempotent.SelectMany(l => l.Failures).Concat(Reader.Failures);

    public string Counts =>
        $"{Idempotent.Sum(l => l.Acknowledged)} acknowledged, {Transactional.Decided} transactions, {Worker.Commits} transformations and {SlowWorker.Commits} slow ones, {Reader.Commits} commits of the reader";

    /// <summary>Ends the producers, waits until the workers have transformed all they wrote, and ends the rest.</summary>
    public async Task StopAsync()
    {
        await _producing.CancelAsync();
        await _producers;
        await Worker.UntilIdleAsync();
        await SlowWorker.UntilIdleAsync();
        await _working.CancelAsync();
        await _workers;
    }

    public void Start()
    {
        _producers = Task.WhenAll([.. Idempotent.Select(l => Clients.Run(() => l.Run(_producing.Token))), Clients.Run(() => Transactional.Run(_producing.Token))]);
        _workers = Task.WhenAll(Clients.Run(() => Worker.Run(_producing.Token, _working.Token)), Clients.Run(() => SlowWorker.Run(_producing.Token, _working.Token)), Clients.Run(() => Reader.Run(_working.Token)));
    }

    /// <summary>Waits until every part of the load has got something through.</summary>
    public async Task ProgressAsync()
    {
        var acknowledged = Idempotent.Select(l => l.Acknowledged).ToList();
        var (transactions, transformations, commits) = (Transactional.Decided, Worker.Commits, Reader.Commits);
        var deadline = DateTime.UtcNow + Clients.Patience;
        while (Idempotent.Where((l, i) => l.Acknowledged < acknowledged[i] + 10).Any()
               || Transactional.Decided < transactions + 2 || Worker.Commits == transformations || Reader.Commits == commits)
        {
            if (DateTime.UtcNow > deadline)
                throw new TimeoutException($"The load makes no progress: {Counts}.");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    public void Dispose()
    {
        _producing.Dispose();
        _working.Dispose();
    }
}
