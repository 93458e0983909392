using Kappa.Iot.Detection;

namespace Kappa.Iot.ScoringService.Tests;

public sealed class BatchCountsTests
{
    [Fact]
    public void Add_GapsOfMadeUpSequences_NeverMakesTheSumNegative()
    {
        var counts = new BatchCounts();
        for (var i = 0; i < 1_000; i++) counts.Add(new FoldResult(FoldOutcome.Unscored, null, []) { Missed = ulong.MaxValue });
        counts.Add(new FoldResult(FoldOutcome.Unscored, null, []) { Missed = 4 });
        Assert.Equal(1_000L * uint.MaxValue + 4, counts.Missed);
    }
}
