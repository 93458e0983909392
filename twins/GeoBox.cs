namespace Kappa.Iot.Twins;

/// <summary>A rectangle on the map, in degrees, its borders included. It does not cross the 180th meridian.</summary>
public readonly record struct GeoBox(double South, double West, double North, double East);
