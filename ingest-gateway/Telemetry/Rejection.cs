namespace Kappa.Iot.IngestGateway;

/// <summary>What was wrong with a message.</summary>
/// <param name="Detail">For a person: what was found, and what would have been right.</param>
public readonly record struct Rejection(RejectReason Reason, string Detail);
