namespace Kappa.Iot.AlertApi.Vehicles;

/// <summary>How far a reader of one vehicle's history has come.</summary>
public readonly record struct HistoryCursor(long Batches, long Scores);
