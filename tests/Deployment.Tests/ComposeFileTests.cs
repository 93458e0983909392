namespace Kappa.Iot.Deployment.Tests;

public sealed class ComposeFileTests
{
    private static readonly ComposeFile Compose = ComposeFile.Load();

    private static IEnumerable<KeyValuePair<string, ComposeService>> Ours => Compose.Services.Where(s => s.Value.Build is not null);

    [Fact]
    public void The_services_log_and_twin_store_are_all_there()
    {
        Assert.Equal(
            ["alert-api", "digital-twin-sink", "ingest-gateway", "kafka", "mongodb", "scoring-service"],
            Compose.Services.Where(s => s.Value.Profiles.Count == 0).Select(s => s.Key).Order());
        Assert.Equal(["simulator", "training-job"], Compose.Services.Where(s => s.Value.Profiles.Contains("demo")).Select(s => s.Key).Order());
    }

    [Fact]
    public void Each_of_our_services_is_built_from_the_target_of_its_name()
    {
        Assert.All(Ours, service =>
        {
            Assert.Equal(service.Key, service.Value.Build!.Target);
            Assert.Contains(service.Value.Build.Target, Dockerfile.Stages.Keys);
        });
    }

    [Fact]
    public void Images_have_a_version_that_is_not_latest()
    {
        Assert.All(Compose.Services.Values, service =>
        {
            Assert.Contains(':', service.Image);
            Assert.DoesNotContain("latest", service.Image, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Fact]
    public void Services_are_told_only_settings_that_they_read()
    {
        Assert.All(
            Ours.SelectMany(service => service.Value.Environment.Keys.Select(name => (Service: service.Key, Name: name))),
            setting => Assert.True(ServiceSettings.IsRead(setting.Name), $"{setting.Service} is given {setting.Name}, which no service reads."));
    }

    [Fact]
    public void Who_is_waited_for_healthy_has_a_health_check()
    {
        foreach (var (service, dependency) in Compose.Services.SelectMany(s => s.Value.DependsOn.Select(d => (s.Key, d))))
        {
            Assert.True(Compose.Services.TryGetValue(dependency.Key, out var other), $"{service} waits for {dependency.Key}, which is not there.");
            if (dependency.Value.Condition == "service_healthy")
                Assert.True(other.Healthcheck is not null || HasHealthCheck(other), $"{service} waits for {dependency.Key}, which has no health check.");
        }
    }

    [Fact]
    public void Everything_that_keeps_running_is_started_again_when_it_falls()
    {
        Assert.All(Compose.Services, service => Assert.StartsWith(service.Key == "training-job" ? "on-failure" : "unless-stopped", service.Value.Restart, StringComparison.Ordinal));
    }

    [Fact]
    public void Ports_open_on_this_machine_only_unless_told_otherwise()
    {
        Assert.All(Compose.Services.Values.SelectMany(s => s.Ports), port => Assert.StartsWith("${BIND:-127.0.0.1}:", port, StringComparison.Ordinal));
    }

    [Fact]
    public void Named_volumes_are_declared()
    {
        var used = Compose.Services.Values.SelectMany(s => s.Volumes).Select(v => v.Split(':')[0]);
        Assert.Equal(Compose.Volumes.Keys.Order(), used.Order());
    }

    private static bool HasHealthCheck(ComposeService service)
    {
        for (var target = service.Build?.Target; target is not null && Dockerfile.Stages.TryGetValue(target, out var stage); target = stage.From)
        {
            if (stage.Instructions.Any(i => i.StartsWith("HEALTHCHECK ", StringComparison.Ordinal))) return true;
        }

        return false;
    }
}
