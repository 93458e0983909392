namespace Kappa.Iot.Embedded.Protocol;

/// <summary>A client needs more memory than is left for all of them: its connection is closed, and it will try again.</summary>
internal sealed class MemoryBudgetException(string message) : Exception(message);
