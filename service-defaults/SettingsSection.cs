namespace Kappa.Iot.ServiceDefaults;

/// <summary>A section of the settings and the type it is bound to, for the help.</summary>
internal sealed record SettingsSection(string Name, Type Type);
