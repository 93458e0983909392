using System.Reflection;

namespace Kappa.Iot.Demo.Processes;

/// <summary>Where the services are that were built together with the demo.</summary>
internal static class ServiceBinaries
{
    /// <summary>Path of a service's assembly, by the name of its folder in the repository.</summary>
    /// <exception cref="DemoException">It is not there.</exception>
    public static string Find(string service)
    {
        var relative = typeof(ServiceBinaries).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .FirstOrDefault(a => a.Key == $"Service:{service}")?.Value
            ?? throw new DemoException($"The demo was built without {service}.");
        // From demo/bin/<configuration>/<framework> to the demo's own folder.
        var demoFolder = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", ".."));
        var path = Path.GetFullPath(Path.Combine(demoFolder, relative));
        return File.Exists(path) ? path : throw new DemoException($"{service} is not at {path}: build the solution first (dotnet build).");
    }
}
