using Tidepool.Core.Jobs;

namespace Tidepool.Core.Tests.Jobs;

public sealed class BackOffTests
{
    [Fact]
    public void Waits_grow_up_to_a_limit()
    {
        var middle = new BackOff(() => 0.5);
        Assert.Equal([0.5, 1, 2, 4, 8, 10, 10], Enumerable.Range(1, 7).Select(attempt => middle.After(attempt).TotalSeconds));
        Assert.Equal(10, middle.After(int.MaxValue).TotalSeconds);
    }

    [Fact]
    public void Waits_are_scattered_by_a_quarter_both_ways()
    {
        Assert.Equal(7.5, new BackOff(() => 0).After(10).TotalSeconds);
        Assert.InRange(new BackOff(() => 0.999).After(10).TotalSeconds, 12.4, 12.5);
        Assert.Equal(0.75, new BackOff(() => 0).WhileBusy().TotalSeconds);
        var random = new BackOff(new Random(1).NextDouble);
        Assert.True(Enumerable.Range(0, 50).Select(_ => random.After(10)).Distinct().Count() > 40);
    }
}
