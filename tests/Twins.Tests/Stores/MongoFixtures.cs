using Kappa.Iot.Peers;

namespace Kappa.Iot.Twins.Tests;

/// <summary>A MongoDB, or something that speaks like it. Each store is a database of its own.</summary>
public abstract class MongoFixture(string missing) : StoreFixture
{
    protected string? Server { get; set; }

    public override string NewAddress()
    {
        Assert.SkipWhen(Server is null, missing);
        var (server, options) = Server!.Split('?', 2) is [var address, var rest] ? (address, "?" + rest) : (Server, "");
        return $"{server.TrimEnd('/')}/kappa-test-{Guid.NewGuid():N}{options}";
    }
}

/// <summary>The server that <c>MONGODB_URL</c> names.</summary>
public sealed class MongoDbFixture() : MongoFixture("MONGODB_URL names no MongoDB.")
{
    public override ValueTask InitializeAsync()
    {
        Server = Environment.GetEnvironmentVariable("MONGODB_URL") is { Length: > 0 } url ? url : null;
        return ValueTask.CompletedTask;
    }
}

/// <summary>A peer from the folder that <c>PEERS</c> names.</summary>
public abstract class MongoPeerFixture(string name, string portVariable) : MongoFixture($"PEERS names no folder with {name}.")
{
    private PeerServer? _server;

    public override async ValueTask InitializeAsync()
    {
        _server = await PeerServer.StartAsync(name, portVariable);
        Server = _server is null ? null : $"mongodb://127.0.0.1:{_server.Port}";
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_server is not null) await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

public sealed class MongoJavaServerFixture() : MongoPeerFixture("mongo-java-server", "MONGO_PORT");

public sealed class FerretDbFixture() : MongoPeerFixture("ferretdb", "FERRETDB_PORT");
