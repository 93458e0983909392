namespace Kappa.Iot.Twins.Tests;

public sealed class SqliteFixture : StoreFixture
{
    private readonly string _folder = Directory.CreateTempSubdirectory("twins").FullName;

    public override string NewAddress() => $"sqlite:{Path.Combine(_folder, Guid.NewGuid().ToString("N"), "twins.db")}";

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
