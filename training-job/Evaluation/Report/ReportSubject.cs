using Kappa.Iot.TrainingJob.Evaluation;

namespace Kappa.Iot.TrainingJob.Evaluation.Report;

/// <summary>One detector in a report.</summary>
/// <param name="Name">As in the registry.</param>
/// <param name="Result">Its figures.</param>
/// <param name="Trips">What it said.</param>
internal sealed record ReportSubject(string Name, EvaluationResult Result, IReadOnlyList<ScoredTrip> Trips);

/// <summary>What a report is about.</summary>
/// <param name="Model">What was evaluated, in words.</param>
/// <param name="Data">What was scored, in words.</param>
/// <param name="Code">Version of the code.</param>
/// <param name="Faults">The faults that are known to be there.</param>
/// <param name="Subjects">The detector that is evaluated, then those to compare with.</param>
internal sealed record ReportContent(string Model, string Data, string Code, IReadOnlyList<Fault> Faults, IReadOnlyList<ReportSubject> Subjects);
