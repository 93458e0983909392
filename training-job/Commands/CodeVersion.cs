using System.Reflection;
using Kappa.Iot.Detection;

namespace Kappa.Iot.TrainingJob.Commands;

/// <summary>Which code trained a model: version and, where it was built from a repository, commit.</summary>
internal static class CodeVersion
{
    public static string Current { get; } =
        typeof(IDetector).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
