using System.Globalization;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.Detection;

/// <summary>Vehicles that have something in common.</summary>
public readonly record struct FleetGroup(FleetDimension Dimension, string Value)
{
    private const int FieldDegrees = 5;
    private const uint Latitude = 70, Longitude = 71, Firmware = 95;

    /// <summary>Name of a firmware.</summary>
    internal static string FirmwareName(float firmware) => firmware.ToString(CultureInfo.InvariantCulture);

    /// <summary>Name of a region: the south-west corner of its field, in whole degrees.</summary>
    internal static string RegionName((int Latitude, int Longitude) field) => string.Create(CultureInfo.InvariantCulture, $"{field.Latitude},{field.Longitude}");

    /// <summary>Reads where a vehicle is and which firmware it runs; null where its batch does not say, or nothing that can be.</summary>
    internal static void Read(TelemetryBatch batch, out (int Latitude, int Longitude)? field, out float? firmware)
    {
        float latitude = float.NaN, longitude = float.NaN, version = float.NaN;
        for (var c = 0; c < batch.Columns.Count; c++)
        {
            var column = batch.Columns[c];
            if (column.Values.Count == 0) continue;
            if (column.Signal == Latitude) latitude = column.Values[^1];
            else if (column.Signal == Longitude) longitude = column.Values[^1];
            else if (column.Signal == Firmware) version = column.Values[^1];
        }

        field = Math.Abs(latitude) <= 90 && Math.Abs(longitude) <= 180 ? (Corner(latitude), Corner(longitude)) : null;
        firmware = version is >= 0 and <= 1_000_000 ? version : null;

        static int Corner(float degrees) => (int)Math.Floor(degrees / FieldDegrees) * FieldDegrees;
    }
}
