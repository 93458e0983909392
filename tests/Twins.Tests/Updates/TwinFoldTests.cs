using FsCheck;
using FsCheck.Fluent;

namespace Kappa.Iot.Twins.Tests;

public sealed class TwinFoldTests
{
    [Fact]
    [Trait("Invariant", "2")]
    public void Any_order_and_any_number_of_copies_end_in_the_same_twin() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(1_000),
        Prop.ForAll(Log.Any, log => Log.Vins.All(vin => Fold(vin, log.Delivery.Select(i => log.Updates[i])) == Oracle.Expect(vin, log.Updates))));

    [Fact]
    [Trait("Invariant", "2")]
    public void Twins_of_parts_of_the_log_join_to_the_twin_of_the_whole() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(1_000),
        Prop.ForAll(Log.Any, log =>
        {
            var parts = log.Delivery.Select(i => log.Updates[i]).Chunk(log.Batch).Select(TwinFold.Coalesce).Reverse().ToList();
            return Log.Vins.All(vin =>
            {
                var whole = new TwinState();
                foreach (var part in parts)
                {
                    if (part.TryGetValue(vin, out var known)) TwinFold.Join(whole, known.State);
                }

                return parts.Exists(part => part.ContainsKey(vin)) ? Oracle.Show(TwinView.Of(vin, whole)) == Oracle.Expect(vin, log.Updates) : Oracle.Expect(vin, log.Updates) is null;
            });
        }));

    [Fact]
    public void Apply_SignalThatNobodyKnows_IsLeftOut()
    {
        var state = new TwinState();
        Assert.True(TwinFold.Apply(state, Records.Telemetry("V1", 1, 1, signals: [(4_000_000_000, [1]), (Records.Speed, [2])])));
        Assert.Equal([Records.SpeedPath], state.Signals.Keys);
    }

    [Fact]
    public void View_TimeBeyondTheCalendar_IsClamped()
    {
        var update = Records.Telemetry("V1", 1, 1, signals: (Records.Speed, [1, 2]));
        update.Batch.StartTimeMs = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
        var state = new TwinState();
        TwinFold.Apply(state, update);
        Assert.Equal(DateTimeOffset.MaxValue.ToUnixTimeMilliseconds(), TwinView.Of("V1", state).Reported!.Time.ToUnixTimeMilliseconds());
    }

    private static string? Fold(string vin, IEnumerable<TwinUpdate> updates)
    {
        var state = new TwinState();
        var any = false;
        foreach (var update in updates.Where(update => update.Vin == vin))
        {
            any = true;
            TwinFold.Apply(state, update);
        }

        return any ? Oracle.Show(TwinView.Of(vin, state)) : null;
    }
}
