using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Kappa.Iot.Deployment.Tests;

/// <summary>What the tests look at in docker-compose.yml.</summary>
internal sealed class ComposeFile
{
    public Dictionary<string, ComposeService> Services { get; init; } = [];

    public Dictionary<string, object?> Volumes { get; init; } = [];

    public static ComposeFile Load()
    {
        var parser = new MergingParser(new Parser(new StringReader(Repository.Read("docker-compose.yml"))));
        return new DeserializerBuilder().WithNamingConvention(UnderscoredNamingConvention.Instance).IgnoreUnmatchedProperties().Build()
            .Deserialize<ComposeFile>(parser);
    }
}

internal sealed class ComposeService
{
    public string Image { get; init; } = "";

    public ComposeBuild? Build { get; init; }

    public Dictionary<string, string> Environment { get; init; } = [];

    public Dictionary<string, ComposeDependency> DependsOn { get; init; } = [];

    public List<string> Volumes { get; init; } = [];

    public List<string> Profiles { get; init; } = [];

    public List<string> Ports { get; init; } = [];

    public ComposeHealthcheck? Healthcheck { get; init; }

    public string Restart { get; init; } = "";
}

internal sealed class ComposeBuild
{
    public string Context { get; init; } = "";

    public string Target { get; init; } = "";
}

internal sealed class ComposeDependency
{
    public string Condition { get; init; } = "";
}

internal sealed class ComposeHealthcheck
{
    public List<string> Test { get; init; } = [];
}
