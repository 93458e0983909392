namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>A log that tests can take away and bring back, with what it holds.</summary>
public abstract class TestLog : IAsyncLifetime
{
    /// <summary>The same before and after it was away.</summary>
    public abstract string BootstrapServers { get; }

    /// <summary>Null, or why it cannot be had here.</summary>
    public virtual string? Missing => null;

    public abstract ValueTask StartAsync();

    public abstract ValueTask StopAsync();

    public async ValueTask InitializeAsync()
    {
        if (Missing is null) await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (Missing is null) await StopAsync();
        await DeleteAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Removes what is on disk, at the very end.</summary>
    protected abstract ValueTask DeleteAsync();
}
