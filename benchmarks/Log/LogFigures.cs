namespace Kappa.Iot.Benchmarks.Log;

internal sealed record LogFigures(double ProducedPerSecond, double ConsumedPerSecond);
