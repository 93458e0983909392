using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.ScoringService.Tests;

public sealed class TelemetryDecoderTests
{
    private static readonly TelemetryBatch Buffer = new();

    [Fact]
    public void Read_WhatVehiclesWrite_IsWhatProtobufReads()
    {
        var (decoder, random) = (new TelemetryDecoder(), new Random(1));
        for (var i = 0; i < 2_000; i++) AssertSame(decoder, Batch(random).ToByteArray());
    }

    [Fact]
    public void Read_DamagedBytes_IsWhatProtobufReadsOrRefuses()
    {
        var (decoder, random) = (new TelemetryDecoder(), new Random(2));
        var refused = 0;
        for (var i = 0; i < 5_000; i++)
        {
            var bytes = Batch(random).ToByteArray();
            for (var n = random.Next(1, 4); n > 0; n--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(3) == 0) bytes = bytes[..random.Next(bytes.Length)];
            if (!AssertSame(decoder, bytes)) refused++;
        }

        Assert.InRange(refused, 100, 4_900);
    }

    [Fact]
    public void Read_OtherFormsOfABatch_IsWhatProtobufReads()
    {
        var decoder = new TelemetryDecoder();
        byte[] column = [0x08, 5, 0x12, 4, 0, 0, 0x80, 0x3f];
        byte[] unpacked = [0x08, 5, 0x15, 0, 0, 0x80, 0x3f];
        byte[] inPieces = [.. column, 0x12, 4, 0, 0, 0, 0x40];
        byte[][] forms =
        [
            [],
            [0x3A, (byte)column.Length, .. column],
            [0x3A, (byte)unpacked.Length, .. unpacked],
            [0x3A, (byte)inPieces.Length, .. inPieces],
            [0x3A, 0],
            [0x18, 1, 0x18, 2], // said twice: the last counts
            [0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], // before 1970
            [0x30, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], // more than 32 bits
            [0x98, 0x06, 1], // a field of a later version
            [0x0A, 2, 0xc3, 0xa4], // not ASCII
            [0x0A, 1, 0xff], // not UTF-8
        ];
        foreach (var form in forms) AssertSame(decoder, form);
    }

    private static bool AssertSame(TelemetryDecoder decoder, byte[] bytes)
    {
        TelemetryBatch expected;
        try
        {
            expected = TelemetryBatch.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            Assert.Throws<InvalidProtocolBufferException>(() => decoder.Read(bytes, Buffer));
            return false;
        }

        Assert.Equal(expected.ToByteArray(), decoder.Read(bytes, Buffer).ToByteArray());
        return true;
    }

    private static TelemetryBatch Batch(Random random)
    {
        var batch = new TelemetryBatch
        {
            Vin = $"CAR-{random.Next(100)}",
            Profile = random.Next(20) == 0 ? "" : "p",
            BootId = (ulong)random.NextInt64(),
            Sequence = (ulong)random.Next(1_000),
            StartTimeMs = random.NextInt64(2_000_000_000_000),
            SampleIntervalMs = (uint)random.Next(3) * 1_000,
        };
        for (var c = random.Next(30); c > 0; c--)
        {
            var column = new SignalColumn { Signal = (uint)random.Next(100) };
            for (var v = random.Next(12); v > 0; v--) column.Values.Add(random.Next(10) == 0 ? float.NaN : random.NextSingle());
            batch.Columns.Add(column);
        }

        return batch;
    }
}
