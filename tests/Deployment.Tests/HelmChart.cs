using System.Diagnostics;
using System.Text.RegularExpressions;
using k8s;

namespace Kappa.Iot.Deployment.Tests;

/// <summary>The chart as <c>helm template</c> writes it. Tests that need it are skipped where helm is not here.</summary>
internal static partial class HelmChart
{
    /// <summary>Kinds that are not Kubernetes' own: the client has no type for them.</summary>
    private const string ForeignKind = "ServiceMonitor";

    /// <param name="valuesFile">A file name in the chart's <c>ci</c> folder; null for the default values.</param>
    /// <returns>Exit code, and what was written: manifests, or what was wrong.</returns>
    public static (int ExitCode, string Output) Render(string? valuesFile, params string[] arguments)
    {
        var chart = Path.Combine(Repository.Root, "helm", "kappa-iot");
        var start = new ProcessStartInfo(FindHelm(), ["template", "kappa", chart, "--namespace", "fleet"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (valuesFile is not null)
        {
            start.ArgumentList.Add("--values");
            start.ArgumentList.Add(Path.Combine(chart, "ci", valuesFile));
        }

        foreach (var argument in arguments) start.ArgumentList.Add(argument);

        using var helm = Process.Start(start)!;
        var errors = helm.StandardError.ReadToEndAsync();
        var output = helm.StandardOutput.ReadToEnd();
        helm.WaitForExit();
        return (helm.ExitCode, helm.ExitCode == 0 ? output : errors.GetAwaiter().GetResult());
    }

    /// <summary>Reads manifests as Kubernetes' own types: a field that Kubernetes does not have is an error.</summary>
    public static IReadOnlyList<object> Parse(string manifests) =>
        KubernetesYaml.LoadAllFromString(string.Join("\n---\n", Documents(manifests).Where(d => KindOf(d) != ForeignKind)), strict: true);

    public static IReadOnlyList<string> Documents(string manifests) =>
        [.. DocumentStart().Split(manifests).Where(document => KindOf(document).Length > 0)];

    public static string KindOf(string document) => Kind().Match(document).Groups["kind"].Value;

    private static string FindHelm()
    {
        var candidates = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Where(p => p.Length > 0)
            .Prepend(Path.Combine(Repository.Root, ".tools", "helm"))
            .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "helm.exe" : "helm"));
        var helm = candidates.FirstOrDefault(File.Exists);
        Assert.SkipWhen(helm is null, "helm is not here: put it on the PATH, or run .ci/run once, which gets it.");
        return helm!;
    }

    [GeneratedRegex(@"^---\s*$", RegexOptions.Multiline)]
    private static partial Regex DocumentStart();

    [GeneratedRegex(@"^kind: (?<kind>\w+)\s*$", RegexOptions.Multiline)]
    private static partial Regex Kind();
}
