using Confluent.Kafka;
using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService;

/// <summary>What a profile's first model made of a batch that came before it.</summary>
/// <param name="Vin">Whose batch it is.</param>
/// <param name="Record">The batch.</param>
/// <param name="Result">Its score and alerts, where there are any.</param>
/// <param name="Failure">Why it could not be scored; null where it was.</param>
internal readonly record struct RewoundBatch(string Vin, ConsumeResult<byte[], byte[]> Record, FoldResult Result, Exception? Failure);
