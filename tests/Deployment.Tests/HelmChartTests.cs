using k8s;
using k8s.Models;

namespace Kappa.Iot.Deployment.Tests;

public sealed class HelmChartTests
{
    private const string Everything = "everything-values.yaml";
    private const string External = "external-values.yaml";

    public static TheoryData<string?> ValueFiles => new((string?)null, External, Everything);

    [Theory, MemberData(nameof(ValueFiles))]
    public void Rendered_manifests_have_only_fields_that_Kubernetes_knows(string? values)
    {
        var all = Load(values);
        Assert.NotEmpty(all.OfType<V1Deployment>());
    }

    [Fact]
    public void A_field_that_Kubernetes_does_not_know_is_found()
    {
        var error = Assert.ThrowsAny<Exception>(() => HelmChart.Parse("apiVersion: v1\nkind: Service\nmetadata:\n  name: a\nspec:\n  selektor: {}\n"));
        Assert.Contains("selektor", error.ToString(), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(ValueFiles))]
    public void Containers_have_limits_and_no_rights_and_those_that_serve_have_probes(string? values)
    {
        foreach (var (name, pod, serves) in Pods(Load(values)))
        {
            Assert.True(pod.SecurityContext.RunAsNonRoot, name);
            Assert.False(pod.AutomountServiceAccountToken, name);
            foreach (var container in pod.Containers)
            {
                Assert.NotEmpty(container.Resources.Requests);
                Assert.Contains("memory", container.Resources.Limits.Keys);
                Assert.True(container.SecurityContext.ReadOnlyRootFilesystem, name);
                Assert.False(container.SecurityContext.AllowPrivilegeEscalation, name);
                Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
                if (!serves) continue;
                Assert.NotNull(container.StartupProbe);
                Assert.NotNull(container.LivenessProbe);
                Assert.NotNull(container.ReadinessProbe);
            }
        }
    }

    [Theory, MemberData(nameof(ValueFiles))]
    public void Images_have_a_version_that_is_not_latest(string? values)
    {
        Assert.All(Pods(Load(values)).SelectMany(p => p.Pod.Containers), container =>
        {
            Assert.Matches(@"^[^:]+:[^:]+$", container.Image);
            Assert.DoesNotContain("latest", container.Image, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Theory, MemberData(nameof(ValueFiles))]
    public void Services_budgets_and_policies_select_pods_of_the_chart(string? values)
    {
        var all = Load(values);
        var pods = all.Select(PodTemplate).OfType<V1PodTemplateSpec>().ToList();
        foreach (var service in all.OfType<V1Service>())
        {
            var selected = pods.Where(pod => Selects(service.Spec.Selector, pod)).ToList();
            Assert.True(selected.Count == 1, $"Service {service.Name()} selects {selected.Count} kinds of pods.");
            var ports = selected[0].Spec.Containers.SelectMany(c => c.Ports).Select(p => p.Name);
            Assert.All(service.Spec.Ports, port => Assert.Contains(port.TargetPort.Value, ports));
        }

        Assert.All(all.OfType<V1PodDisruptionBudget>(), budget => Assert.Single(pods, pod => Selects(budget.Spec.Selector.MatchLabels, pod)));
        Assert.All(all.OfType<V1NetworkPolicy>(), policy => Assert.Contains(pods, pod => Selects(policy.Spec.PodSelector.MatchLabels, pod)));
        Assert.All(all.OfType<V1Deployment>(), d => Assert.True(Selects(d.Spec.Selector.MatchLabels, d.Spec.Template), d.Name()));
        Assert.All(all.OfType<V1StatefulSet>(), s => Assert.True(Selects(s.Spec.Selector.MatchLabels, s.Spec.Template), s.Name()));
    }

    [Theory, MemberData(nameof(ValueFiles))]
    public void Services_are_told_only_settings_that_they_read(string? values)
    {
        var told =
            from pod in Pods(Load(values))
            from container in pod.Pod.Containers
            where !container.Image.StartsWith("apache/kafka:", StringComparison.Ordinal) && !container.Image.StartsWith("mongo:", StringComparison.Ordinal)
            from variable in container.Env ?? []
            select (pod.Name, variable.Name);

        Assert.All(told, setting => Assert.True(ServiceSettings.IsRead(setting.Item2), $"{setting.Item1} is given {setting.Item2}, which no service reads."));
    }

    [Theory, MemberData(nameof(ValueFiles))]
    public void Twin_store_comes_from_a_Secret(string? values)
    {
        var all = Load(values);
        var references = all.OfType<V1Deployment>().SelectMany(d => d.Spec.Template.Spec.Containers[0].Env)
            .Where(e => e.Name == "Twins__ConnectionString").Select(e => e.ValueFrom.SecretKeyRef).ToList();

        Assert.Equal(2, references.Count);
        if (values == External)
        {
            Assert.All(references, r => Assert.Equal("atlas", r.Name));
            Assert.Empty(all.OfType<V1Secret>());
        }
        else
        {
            var secret = Assert.Single(all.OfType<V1Secret>());
            Assert.All(references, r => Assert.Equal(secret.Name(), r.Name));
            Assert.StartsWith("mongodb://", secret.StringData["connectionString"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public void With_a_log_and_a_twin_store_outside_the_chart_brings_none()
    {
        var all = Load(External);
        var gateway = Assert.Single(all.OfType<V1Deployment>(), d => d.Name().EndsWith("ingest-gateway", StringComparison.Ordinal));
        var settings = gateway.Spec.Template.Spec.Containers[0].Env.ToDictionary(e => e.Name);

        Assert.Empty(all.OfType<V1StatefulSet>());
        Assert.Equal("broker-1.example.org:9093,broker-2.example.org:9093", settings["Kafka__BootstrapServers"].Value);
        Assert.Equal("SaslSsl", settings["Kafka__SecurityProtocol"].Value);
        Assert.Equal("kafka-login", settings["Kafka__SaslPassword"].ValueFrom.SecretKeyRef.Name);
        Assert.Contains(gateway.Spec.Template.Spec.Containers[0].VolumeMounts, m => settings["Kafka__SslCaLocation"].Value.StartsWith(m.MountPath, StringComparison.Ordinal));
    }

    [Fact]
    public void Kafka_tells_clients_the_address_that_services_are_given()
    {
        var all = Load(null);
        var kafka = Assert.Single(all.OfType<V1StatefulSet>(), s => s.Name().EndsWith("kafka", StringComparison.Ordinal));
        var advertised = kafka.Spec.Template.Spec.Containers[0].Env.Single(e => e.Name == "KAFKA_ADVERTISED_LISTENERS").Value;
        var service = Assert.Single(all.OfType<V1Service>(), s => s.Name() == kafka.Spec.ServiceName);

        Assert.Equal($"PLAINTEXT://{service.Name()}.fleet.svc:9092", advertised);
        Assert.All(all.OfType<V1Deployment>(), d =>
            Assert.Equal($"{service.Name()}.fleet.svc:9092", d.Spec.Template.Spec.Containers[0].Env.Single(e => e.Name == "Kafka__BootstrapServers").Value));
    }

    [Fact]
    public void What_is_switched_on_is_there()
    {
        var (_, manifests) = HelmChart.Render(Everything);
        var all = HelmChart.Parse(manifests);

        Assert.Contains(HelmChart.Documents(manifests), d => HelmChart.KindOf(d) == "ServiceMonitor" && d.Contains("path: /metrics", StringComparison.Ordinal));
        Assert.Equal(2, all.OfType<V1CronJob>().Count());
        Assert.Equal(7, all.OfType<V1NetworkPolicy>().Count());
        Assert.Equal(4, all.OfType<V1PodDisruptionBudget>().Count());
        var ingress = Assert.Single(all.OfType<V1Ingress>());
        Assert.Contains(all.OfType<V1Service>(), s => s.Name() == ingress.Spec.Rules[0].Http.Paths[0].Backend.Service.Name);
        Assert.Equal("fleet-certificate", Assert.Single(ingress.Spec.Tls).SecretName);
    }

    [Fact]
    public void Names_stay_within_Kubernetes_limit_whatever_the_release_is_called()
    {
        var (_, manifests) = HelmChart.Render(Everything, "--set", $"fullnameOverride={new string('n', 60)}");
        var named = HelmChart.Parse(manifests).Cast<IMetadata<V1ObjectMeta>>().ToList();

        Assert.All(named, o => Assert.InRange(o.Metadata.Name.Length, 1, 63));
        // Kubernetes adds 11 characters to the name of a CronJob for its jobs.
        Assert.All(named.OfType<V1CronJob>(), job => Assert.InRange(job.Name().Length, 1, 52));
    }

    [Theory]
    [InlineData("kafka.bootstrapServers", "kafka.enabled=false")]
    [InlineData("twins.connectionString", "mongodb.enabled=false")]
    [InlineData("/image/tag", "image.tag=latest")]
    [InlineData("replica", "scoringService.replica=3")]
    [InlineData("/kafka/securityProtocol", "kafka.securityProtocol=TLS")]
    public void A_wrong_value_is_refused_with_its_name(string named, string setting)
    {
        var (exitCode, output) = HelmChart.Render(null, "--set", setting);

        Assert.NotEqual(0, exitCode);
        Assert.Contains(named, output, StringComparison.Ordinal);
    }

    private static IReadOnlyList<object> Load(string? values)
    {
        var (exitCode, output) = HelmChart.Render(values);
        Assert.True(exitCode == 0, output);
        return HelmChart.Parse(output);
    }

    private static bool Selects(IDictionary<string, string> selector, V1PodTemplateSpec pod) =>
        selector.Count > 0 && selector.All(label => pod.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value);

    private static V1PodTemplateSpec? PodTemplate(object manifest) => manifest switch
    {
        V1Deployment deployment => deployment.Spec.Template,
        V1StatefulSet set => set.Spec.Template,
        V1CronJob job => job.Spec.JobTemplate.Spec.Template,
        _ => null,
    };

    private static IEnumerable<(string Name, V1PodSpec Pod, bool Serves)> Pods(IReadOnlyList<object> all)
    {
        foreach (var manifest in all)
        {
            var name = ((IMetadata<V1ObjectMeta>)manifest).Metadata.Name;
            if (PodTemplate(manifest) is { } template) yield return (name, template.Spec, manifest is not V1CronJob);
            if (manifest is V1Pod pod) yield return (name, pod.Spec, false);
        }
    }
}
