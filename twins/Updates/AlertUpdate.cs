using Kappa.Iot.Contracts;

namespace Kappa.Iot.Twins;

/// <summary>An alert as it stands. Newer is, for each alert type, what has the higher offset.</summary>
public sealed record AlertUpdate(Alert Alert, int Partition, long Offset) : TwinUpdate(Alert.Vin, Partition, Offset);
