namespace Kappa.Iot.AlertApi.Changes;

/// <summary>What changed, and up to which version.</summary>
public readonly record struct Changes<T>(IReadOnlyList<T> Values, long Version);
