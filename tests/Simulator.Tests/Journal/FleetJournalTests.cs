using FsCheck;
using FsCheck.Fluent;
using Kappa.Iot.Simulator.Journal;
using Kappa.Iot.Simulator.Physics;
using Kappa.Iot.Simulator.Publishing;

namespace Kappa.Iot.Simulator.Tests.Journal;

public sealed class FleetJournalTests
{
    private static readonly byte[] Payload = new byte[400];

    [Fact]
    public void Open_AfterAKill_GivesBackWhatIsOpenAndEveryVehiclesState()
    {
        using var folder = new TemporaryFolder();
        var journal = FleetJournal.Open(folder.Path, out _);
        journal.Append("A", 5, 1, Payload, At(100));
        var segment = journal.Append("A", 5, 2, [7, 8, 9], At(200));
        journal.Append("B", 6, 1, Payload, At(300));
        journal.Settled(new Delivery("A", 5, 1, Payload) { Segment = segment }, refused: false);
        journal.Append("B", 6, 2, Payload, At(400));
        // Not disposed: the process is gone.

        using var next = FleetJournal.Open(folder.Path, out var content);
        Assert.Equal((4, 1, 0), (content.Published, content.Acknowledged, content.Refused));
        Assert.Equal([("A", 2UL), ("B", 1UL), ("B", 2UL)], content.Open.Select(d => (d.Vin, d.Sequence)));
        Assert.Equal<byte>([7, 8, 9], content.Open[0].Payload);
        Assert.Equal(200, content.Vehicles["A"].State.NextSampleMs);
        Assert.Equal((6UL, 400L), (content.Vehicles["B"].BootId, content.Vehicles["B"].State.NextSampleMs));
    }

    [Fact]
    public void Open_LastRecordCutOff_ForgetsThatOneOnly()
    {
        using var folder = new TemporaryFolder();
        using (var journal = FleetJournal.Open(folder.Path, out _))
        {
            journal.Append("A", 5, 1, Payload, At(100));
            journal.Append("A", 5, 2, Payload, At(200));
        }

        var file = Directory.GetFiles(folder.Path).Single();
        using (var stream = File.OpenWrite(file)) stream.SetLength(stream.Length - 100);

        using var next = FleetJournal.Open(folder.Path, out var content);
        Assert.Equal(1, content.Published);
        Assert.Equal(100, content.Vehicles["A"].State.NextSampleMs);
    }

    [Fact]
    public void Open_DamagedInTheMiddle_SaysWhichFile()
    {
        using var folder = new TemporaryFolder();
        using (var journal = FleetJournal.Open(folder.Path, out _))
            for (ulong i = 1; i <= 5; i++) journal.Append("A", 5, i, Payload, At(100));

        var file = Directory.GetFiles(folder.Path).Single();
        var bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 0xFF;
        File.WriteAllBytes(file, bytes);

        var error = Assert.Throws<InvalidDataException>(() => FleetJournal.Open(folder.Path, out _));
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settled_EverythingOld_SegmentsAreDeletedAndTotalsStay()
    {
        using var folder = new TemporaryFolder();
        using (var journal = FleetJournal.Open(folder.Path, out _, segmentBytes: 20_000))
        {
            for (ulong i = 1; i <= 1000; i++)
            {
                var segment = journal.Append("A", 5, i, Payload, At((long)i));
                journal.Settled(new Delivery("A", 5, i, Payload) { Segment = segment }, refused: false);
            }

            Assert.True(Directory.GetFiles(folder.Path).Length <= 2);
        }

        using var next = FleetJournal.Open(folder.Path, out var content);
        Assert.Equal((1000, 1000, 0), (content.Published, content.Acknowledged, content.Open.Count));
        Assert.Equal(1000, content.Vehicles["A"].State.NextSampleMs);
    }

    /// <summary>Random lives: batches, acknowledgements in any order, kills at any point. Nothing open is lost, nothing is counted twice.</summary>
    [Fact]
    public void Counts_hold_over_any_sequence_of_lives() =>
        Prop.ForAll<byte[]>(steps =>
        {
            using var folder = new TemporaryFolder();
            var journal = FleetJournal.Open(folder.Path, out _, segmentBytes: 6000);
            var open = new List<Delivery>();
            long published = 0, acknowledged = 0;
            ulong boot = 1, sequence = 0;
            foreach (var step in steps)
            {
                switch (step % 8)
                {
                    case < 4:
                        var vin = step % 2 == 0 ? "A" : "B";
                        open.Add(new Delivery(vin, boot, ++sequence, Payload) { Segment = journal.Append(vin, boot, sequence, Payload, At((long)sequence)) });
                        published++;
                        break;
                    case < 7 when open.Count > 0:
                        var settled = open[step % open.Count];
                        open.Remove(settled);
                        journal.Settled(settled, refused: false);
                        acknowledged++;
                        break;
                    case 7:
                        // Killed: acknowledgements that were not written yet are open again, and will come again.
                        journal = FleetJournal.Open(folder.Path, out var content, segmentBytes: 6000);
                        Assert.Equal(published, content.Published);
                        Assert.Equal(published - content.Acknowledged, content.Open.Count);
                        Assert.Subset(content.Open.Select(d => d.Sequence).ToHashSet(), open.Select(d => d.Sequence).ToHashSet());
                        open = [.. content.Open];
                        acknowledged = content.Acknowledged;
                        boot++;
                        break;
                    default:
                        break;
                }

                Assert.Equal(published - acknowledged, open.Count);
            }

            journal.Dispose();
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60).WithEndSize(300));

    private static VehicleState At(long time) => new() { NextSampleMs = time };
}
