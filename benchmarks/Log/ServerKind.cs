using Kappa.Iot.Embedded;

namespace Kappa.Iot.Benchmarks.Log;

/// <summary>A server that can be measured, and how it is started.</summary>
/// <param name="Program">The file to run.</param>
/// <param name="Arguments">Its arguments, with {port}, {port2} and {data} to be filled in.</param>
/// <param name="Environment">Its settings, likewise.</param>
/// <param name="IsInMemory">It keeps nothing on disk.</param>
/// <param name="Share">It gets this part of the records, because it would take too long with all of them.</param>
internal sealed record ServerKind(string Name, string Program, string[] Arguments, (string Name, string Value)[] Environment, bool IsInMemory = false, int Share = 1)
{
    public static ServerKind Ours { get; } = new(
        "embedded-kafka", System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
        [typeof(EmbeddedKafka).Assembly.Location, "--port", "{port}", "--data", "{data}"], []);

    /// <summary>Where peers are looked for.</summary>
    public static string PeersFolder { get; } = Path.GetFullPath(System.Environment.GetEnvironmentVariable("PEERS") ?? Path.Combine("..", "shared", "peers"));

    /// <summary>The peers that are there.</summary>
    public static IReadOnlyList<ServerKind> Peers()
    {
        var folder = PeersFolder;
        return
        [
            .. new ServerKind[]
            {
                new("apache-kafka", Path.Combine(folder, "kafka", "start-kafka"), [], [("KAFKA_PORT", "{port}"), ("KAFKA_CONTROLLER_PORT", "{port2}"), ("KAFKA_DATA", "{data}")]),
                new("kfake", Path.Combine(folder, "kfake", "start-kfake"), [], [("KFAKE_PORT", "{port}")], IsInMemory: true),
                new("tansu", Path.Combine(folder, "tansu", "start-tansu"), [], [("TANSU_PORT", "{port}"), ("TANSU_STORAGE", "sqlite://tansu.db")], Share: 20),
            }.Where(peer => File.Exists(peer.Program)),
        ];
    }
}
