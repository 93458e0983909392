namespace Kappa.Iot.Embedded.Tests.Properties;

/// <summary>The process ends here.</summary>
#pragma warning disable CA1032 // nobody else makes one
internal sealed class CrashException : Exception;
#pragma warning restore CA1032
