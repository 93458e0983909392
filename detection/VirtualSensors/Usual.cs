namespace Kappa.Iot.Detection;

/// <summary>What is usual of a statistic in normal driving.</summary>
/// <param name="Median">Its median.</param>
/// <param name="Spread">How far from it nearly all normal steps stay.</param>
/// <param name="Farthest">How far from it any normal step went.</param>
public readonly record struct Usual(float Median, float Spread, float Farthest);
