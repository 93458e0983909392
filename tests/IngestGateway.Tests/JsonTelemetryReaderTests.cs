using System.Text;
using Kappa.Iot.Contracts;

namespace Kappa.Iot.IngestGateway.Tests;

public sealed class JsonTelemetryReaderTests
{
    private const string Vin = "WVWZZZ1JZXW000001";
    private static readonly JsonDefaults Defaults = new(BootId: 42, Sequence: 3);

    [Fact]
    public void Read_Everything_IsTheSameBatchAsInProtobuf()
    {
        var read = Read($$$"""
            {"vin":"{{{Vin}}}","profile":"combustion","bootId":7,"sequence":9,"startTime":{{{Batches.Now.ToUnixTimeMilliseconds()}}},"sampleIntervalMs":1000,
             "signals":{"Vehicle.OBD.EngineSpeed":[800,810,820],"Vehicle.OBD.CoolantTemperature":[88,null,89]}}
            """);
        Assert.Equal(Batches.Right(Vin, sequence: 9), read.Batch);
    }

    [Fact]
    public void Read_TheLeast_IsFilledInFromTopicSessionAndClock()
    {
        var batch = Read("""{"profile":"combustion","signals":{"Vehicle.OBD.EngineSpeed":2100}}""").Batch;
        var expected = new TelemetryBatch
        {
            Vin = Vin,
            Profile = "combustion",
            BootId = 42,
            Sequence = 3,
            StartTimeMs = Batches.Now.ToUnixTimeMilliseconds(),
            SampleIntervalMs = 1000,
            Columns = { new SignalColumn { Signal = 1, Values = { 2100 } } },
        };
        Assert.Equal(expected, batch);
    }

    [Theory]
    [InlineData("2026-03-01T11:00:00Z", "2026-03-01T11:00:00Z")]
    [InlineData("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z")]
    public void Read_IsoTime_IsThatTime(string given, string utc) =>
        Assert.Equal(DateTimeOffset.Parse(utc).ToUnixTimeMilliseconds(),
            Read($$$"""{"profile":"combustion","startTime":"{{{given}}}","signals":{"Vehicle.OBD.EngineSpeed":1}}""").Batch!.StartTimeMs);

    [Theory]
    [InlineData("", RejectReason.Empty)]
    [InlineData("null", RejectReason.Unreadable)]
    [InlineData("[]", RejectReason.Unreadable)]
    [InlineData("{", RejectReason.Unreadable)]
    [InlineData("{}", RejectReason.Incomplete)]
    [InlineData("""{"profile":"combustion"}""", RejectReason.Empty)]
    [InlineData("""{"profile":"combustion","signals":{}}""", RejectReason.Empty)]
    [InlineData("""{"profile":"combustion","signals":{"Vehicle.OBD.EngineSpeed":[]}}""", RejectReason.Empty)]
    [InlineData("""{"profile":"combustion","signals":{"Vehicle.OBD.EngineSpeed":"fast"}}""", RejectReason.Unreadable)]
    [InlineData("""{"profile":"combustion","signals":{"Vehicle.OBD.EngineSpeed":[[1]]}}""", RejectReason.Unreadable)]
    [InlineData("""{"profile":"combustion","signals":{"Vehicle.Nonsense":1}}""", RejectReason.UnknownSignal)]
    [InlineData("""{"profile":"combustion","signals":{"Vehicle.OBD.EngineSpeed":[1,2],"Vehicle.OBD.MAP":3}}""", RejectReason.Uneven)]
    [InlineData("""{"profile":"combustion","signals":{"Vehicle.OBD.EngineSpeed":1,"vehicle.obd.enginespeed":1}}""", RejectReason.Uneven)]
    [InlineData("""{"profile":"combustion","startTime":"soon","signals":{"Vehicle.OBD.EngineSpeed":1}}""", RejectReason.Unreadable)]
    [InlineData("""{"profile":"combustion","startTime":true,"signals":{"Vehicle.OBD.EngineSpeed":1}}""", RejectReason.Unreadable)]
    [InlineData("""{"profile":"combustion","startTime":"2090-01-01T00:00:00Z","signals":{"Vehicle.OBD.EngineSpeed":1}}""", RejectReason.FromTheFuture)]
    [InlineData("""{"profile":"combustion","speed":1,"signals":{"Vehicle.OBD.EngineSpeed":1}}""", RejectReason.Unreadable)]
    [InlineData("""{"vin":"OTHER","profile":"combustion","signals":{"Vehicle.OBD.EngineSpeed":1}}""", RejectReason.WrongVehicle)]
    [InlineData("""{"profile":"combustion","bootId":-1,"signals":{"Vehicle.OBD.EngineSpeed":1}}""", RejectReason.Unreadable)]
    [InlineData("""{"profile":"combustion","signals":{"Vehicle.OBD.EngineSpeed":1e400}}""", RejectReason.NotFinite)]
    public void Read_WrongJson_IsRejectedWithItsReason(string json, RejectReason reason)
    {
        var read = Read(json);
        Assert.Null(read.Batch);
        Assert.Equal(reason, read.Rejection.Reason);
        Assert.NotEmpty(read.Rejection.Detail);
    }

    private static TelemetryRead Read(string json) => JsonTelemetryReader.Read(Encoding.UTF8.GetBytes(json), Vin, Batches.Now, new TelemetryOptions(), Defaults);
}
