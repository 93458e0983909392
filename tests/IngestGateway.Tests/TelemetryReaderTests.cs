using Google.Protobuf;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.IngestGateway.Tests;

public sealed class TelemetryReaderTests
{
    private const string Vin = "WVWZZZ1JZXW000001";
    private static readonly TelemetryOptions Limits = new();

    public static TheoryData<string, RejectReason> Wrong => new()
    {
        { "another vehicle", RejectReason.WrongVehicle },
        { "no vehicle", RejectReason.WrongVehicle },
        { "no profile", RejectReason.Incomplete },
        { "odd profile", RejectReason.Incomplete },
        { "no boot", RejectReason.Incomplete },
        { "no sequence", RejectReason.Incomplete },
        { "no interval", RejectReason.Incomplete },
        { "no columns", RejectReason.Empty },
        { "empty columns", RejectReason.Empty },
        { "uneven columns", RejectReason.Uneven },
        { "a signal twice", RejectReason.Uneven },
        { "unknown signal", RejectReason.UnknownSignal },
        { "infinite value", RejectReason.NotFinite },
        { "601 samples", RejectReason.TooManySamples },
        { "2090", RejectReason.FromTheFuture },
        { "beyond the calendar", RejectReason.FromTheFuture },
        { "in 5 minutes and 1 ms", RejectReason.FromTheFuture },
        { "ends in 5 minutes and 1 ms", RejectReason.FromTheFuture },
        { "600 samples 49 days apart", RejectReason.FromTheFuture },
        { "one sample, 49 days", RejectReason.FromTheFuture },
        { "boot of 64 bits", RejectReason.Unreadable },
        { "sequence of 64 bits", RejectReason.Unreadable },
        { "1999", RejectReason.FromThePast },
        { "no start", RejectReason.FromThePast },
    };

    [Fact]
    public void Read_RightBatch_IsTaken()
    {
        var read = TelemetryReader.Read(Batches.Bytes(Vin), Vin, Batches.Now, Limits);
        Assert.Equal(Batches.Right(Vin), read.Batch);
    }

    [Fact]
    public void Read_600SamplesEndingIn5Minutes_IsTaken()
    {
        var batch = Batches.Right(Vin, start: Batches.Now + Limits.MaxClockLead - TimeSpan.FromSeconds(599));
        foreach (var column in batch.Columns)
        {
            column.Values.Clear();
            column.Values.AddRange(Enumerable.Repeat(1f, 600));
        }

        Assert.NotNull(TelemetryReader.Read(batch.ToByteArray(), Vin, Batches.Now, Limits).Batch);
    }

    [Fact]
    public void Read_LargestNumbers_AreTaken()
    {
        var batch = Batches.Right(Vin, sequence: long.MaxValue);
        batch.BootId = long.MaxValue;
        Assert.NotNull(TelemetryReader.Read(batch.ToByteArray(), Vin, Batches.Now, Limits).Batch);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Read_WrongBatch_IsRejectedWithItsReason(string what, RejectReason reason)
    {
        var read = TelemetryReader.Read(Spoilt(what).ToByteArray(), Vin, Batches.Now, Limits);
        Assert.Null(read.Batch);
        Assert.Equal(reason, read.Rejection.Reason);
        Assert.NotEmpty(read.Rejection.Detail);
    }

    [Fact]
    public void Read_AnyTruncation_IsRejectedOrIsAnotherRightBatch()
    {
        var whole = Batches.Bytes(Vin);
        for (var length = 0; length < whole.Length; length++)
        {
            var read = TelemetryReader.Read(whole.AsSpan(0, length), Vin, Batches.Now, Limits);
            // A cut between two fields leaves well-formed Protobuf; the last column may be missing without a trace.
            if (read.Batch is { } batch) Assert.Single(batch.Columns);
            else Assert.NotEmpty(read.Rejection.Detail);
        }
    }

    [Fact]
    public void Read_RandomBytes_NeverThrowsAndNeverTakes()
    {
        var random = new Random(1);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(0, 200)];
            random.NextBytes(bytes);
            Assert.Null(TelemetryReader.Read(bytes, Vin, Batches.Now, Limits).Batch);
        }
    }

    private static TelemetryBatch Spoilt(string what)
    {
        var batch = Batches.Right(Vin);
        switch (what)
        {
            case "another vehicle": batch.Vin = "WVWZZZ1JZXW000002"; break;
            case "no vehicle": batch.Vin = ""; break;
            case "no profile": batch.Profile = ""; break;
            case "odd profile": batch.Profile = "a/b"; break;
            case "no boot": batch.BootId = 0; break;
            case "no sequence": batch.Sequence = 0; break;
            case "no interval": batch.SampleIntervalMs = 0; break;
            case "no columns": batch.Columns.Clear(); break;
            case "empty columns": foreach (var column in batch.Columns) column.Values.Clear(); break;
            case "uneven columns": batch.Columns[1].Values.Add(1); break;
            case "a signal twice": batch.Columns.Add(batch.Columns[0].Clone()); break;
            case "unknown signal": batch.Columns[1].Signal = 4_000_000; break;
            case "infinite value": batch.Columns[1].Values[0] = float.PositiveInfinity; break;
            case "601 samples": foreach (var column in batch.Columns) column.Values.AddRange(Enumerable.Repeat(1f, 598)); break;
            case "2090": batch.StartTimeMs = new DateTimeOffset(2090, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(); break;
            case "beyond the calendar": batch.StartTimeMs = long.MaxValue; break;
            case "in 5 minutes and 1 ms": batch.StartTimeMs += 300_001; break;
            case "ends in 5 minutes and 1 ms": batch.StartTimeMs += 300_001 - 2_000; break;
            case "600 samples 49 days apart":
                batch.SampleIntervalMs = uint.MaxValue;
                foreach (var column in batch.Columns) column.Values.AddRange(Enumerable.Repeat(1f, 597));
                break;
            case "one sample, 49 days":
                batch.SampleIntervalMs = uint.MaxValue;
                foreach (var column in batch.Columns) while (column.Values.Count > 1) column.Values.RemoveAt(1);
                break;
            case "boot of 64 bits": batch.BootId = long.MaxValue + 1UL; break;
            case "sequence of 64 bits": batch.Sequence = ulong.MaxValue; break;
            case "1999": batch.StartTimeMs = new DateTimeOffset(1999, 12, 31, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(); break;
            case "no start": batch.StartTimeMs = 0; break;
            default: throw new ArgumentException(what);
        }

        return batch;
    }
}
