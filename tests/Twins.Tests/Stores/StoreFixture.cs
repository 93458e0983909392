namespace Kappa.Iot.Twins.Tests;

/// <summary>Gives a contract test class empty stores of one kind.</summary>
public abstract class StoreFixture : IAsyncLifetime
{
    private readonly List<ITwinStore> _opened = [];

    /// <summary>Skips the test where there is no such store.</summary>
    public async Task<ITwinStore> EmptyAsync()
    {
        var store = TwinStore.Open(NewAddress());
        lock (_opened) _opened.Add(store);
        await store.InitializeAsync(TestContext.Current.CancellationToken);
        return store;
    }

    /// <summary>An address with nothing behind it yet.</summary>
    public abstract string NewAddress();

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var store in _opened) await store.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
