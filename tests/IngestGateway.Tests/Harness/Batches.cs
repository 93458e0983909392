using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.IngestGateway.Tests;

/// <summary>Telemetry that is right, to be made wrong in one place.</summary>
internal static class Batches
{
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static TelemetryBatch Right(string vin, ulong sequence = 1, DateTimeOffset? start = null) => new()
    {
        Vin = vin,
        Profile = VehicleProfiles.Combustion,
        BootId = 7,
        Sequence = sequence,
        StartTimeMs = (start ?? Now).ToUnixTimeMilliseconds(),
        SampleIntervalMs = 1000,
        Columns =
        {
            new SignalColumn { Signal = 1, Values = { 800, 810, 820 } },
            new SignalColumn { Signal = 5, Values = { 88, float.NaN, 89 } },
        },
    };

    public static byte[] Bytes(string vin, ulong sequence = 1, DateTimeOffset? start = null) => Right(vin, sequence, start).ToByteArray();
}
