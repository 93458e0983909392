using FsCheck;
using FsCheck.Fluent;
using Kappa.Iot.Demo.Counting;

namespace Kappa.Iot.Demo.Tests;

public sealed class SequenceSetTests
{
    [Fact]
    public void Add_AnyOrderWithRepeats_CountsLikeAHashSet() =>
        Prop.ForAll<byte[]>(numbers =>
        {
            var set = new SequenceSet();
            var model = new HashSet<ulong>();
            return numbers.All(n => set.Add(n) == model.Add(n)) && set.Count == model.Count;
        }).QuickCheckThrowOnFailure();
}
