using System.Reflection;

namespace Kappa.Iot.Deployment.Tests;

/// <summary>The settings that services really read: types with a constant <c>Section</c>, by what their environment variables are called.</summary>
internal static class ServiceSettings
{
    private static readonly string[] Assemblies =
    [
        "Kappa.Iot.Contracts", "Kappa.Iot.Twins", "Kappa.Iot.IngestGateway", "Kappa.Iot.ScoringService", "Kappa.Iot.DigitalTwinSink", "Kappa.Iot.AlertApi",
    ];

    /// <summary>What the host, ASP.NET and OpenTelemetry read, and service-defaults.</summary>
    private static readonly string[] OfLibraries = ["Urls", "ASPNETCORE_HTTP_PORTS", "OTEL_EXPORTER_OTLP_ENDPOINT", "Shutdown__Timeout"];

    private static readonly HashSet<string> Names = new(Assemblies.SelectMany(Read).Concat(OfLibraries), StringComparer.OrdinalIgnoreCase);

    public static bool IsRead(string variable) => Names.Contains(variable) || variable.StartsWith("Logging__", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<string> Read(string assembly) =>
        from type in Assembly.Load(assembly).GetTypes()
        let section = type.GetField("Section", BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)?.GetRawConstantValue() as string
        where section is not null
        from property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        select $"{section.Replace(":", "__", StringComparison.Ordinal)}__{property.Name}";
}
