namespace Kappa.Iot.Deployment.Tests;

public sealed class DockerfileTests
{
    private static readonly string[] Programs =
        ["ingest-gateway", "scoring-service", "digital-twin-sink", "alert-api", "training-job", "simulator", "embedded-kafka"];

    public static TheoryData<string> Targets => [.. Programs];

    [Theory, MemberData(nameof(Targets))]
    public void Every_program_has_a_target_that_starts_its_assembly(string program)
    {
        var stage = Dockerfile.Stages[program];
        var project = Assert.Single(Directory.GetFiles(Path.Combine(Repository.Root, program), "*.csproj"));

        Assert.Contains($"COPY --from=publish /out/{program} ./", stage.Instructions);
        Assert.Contains($"ENTRYPOINT [\"dotnet\", \"{Path.GetFileNameWithoutExtension(project)}.dll\"]", stage.Instructions);
    }

    [Theory, MemberData(nameof(Targets))]
    public void No_target_runs_as_root(string program)
    {
        var stage = Dockerfile.Stages[program];
        while (!stage.Instructions.Any(i => i.StartsWith("USER ", StringComparison.Ordinal)))
        {
            Assert.True(Dockerfile.Stages.ContainsKey(stage.From), $"{program} ends up on {stage.From} without a USER.");
            stage = Dockerfile.Stages[stage.From];
        }

        Assert.Equal("USER $APP_UID", stage.Instructions.Last(i => i.StartsWith("USER ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Packages_are_restored_for_every_project_that_is_published()
    {
        var publish = Dockerfile.Stages["publish"].Instructions;
        var published = publish.Single(i => i.StartsWith("ENV PROGRAMS=", StringComparison.Ordinal)).Split('"')[1].Split(' ');
        Assert.Equal(Programs, published);

        var needed = new HashSet<string>();
        foreach (var program in published) AddWithReferences(program, needed);
        Assert.All(needed, folder => Assert.Contains($"COPY {folder}/*.csproj {folder}/", publish));
    }

    [Fact]
    public void Settings_in_the_images_are_settings_that_the_services_read()
    {
        var variables =
            from stage in Dockerfile.Stages
            where stage.Key is not "publish"
            from instruction in stage.Value.Instructions
            where instruction.StartsWith("ENV ", StringComparison.Ordinal)
            from pair in instruction["ENV ".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)
            select pair.Split('=')[0];

        Assert.All(variables, name => Assert.True(ServiceSettings.IsRead(name), $"No service reads {name}."));
    }

    private static void AddWithReferences(string folder, HashSet<string> found)
    {
        if (!found.Add(folder)) return;
        var project = Assert.Single(Directory.GetFiles(Path.Combine(Repository.Root, folder), "*.csproj"));
        foreach (var reference in System.Xml.Linq.XDocument.Load(project).Descendants("ProjectReference"))
        {
            var path = Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Path.GetDirectoryName(project)!, reference.Attribute("Include")!.Value)));
            AddWithReferences(Path.GetDirectoryName(path)!, found);
        }
    }
}
