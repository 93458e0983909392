namespace Kappa.Iot.TrainingJob.Judging;

/// <summary>How a model did on driving that it was compared by.</summary>
/// <param name="ModelId">Which model.</param>
/// <param name="Alerts">Alerts that it raised in driving as it was.</param>
/// <param name="Found">For each disturbed stretch, whether it raised an alert while it was disturbed.</param>
internal sealed record JudgedModel(string ModelId, int Alerts, IReadOnlyList<bool> Found);
