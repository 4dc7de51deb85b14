using Microsoft.Extensions.Time.Testing;
using Tidepool.Host.Supervision;

namespace Tidepool.Host.Tests.Supervision;

public sealed class RestartPolicyTests
{
    private readonly FakeTimeProvider time = new();
    private readonly RestartPolicy policy;

    public RestartPolicyTests() => policy = new RestartPolicy(time);

    [Fact]
    public void The_wait_doubles_from_almost_nothing_to_half_a_minute()
    {
        var waits = new List<double>();
        for (var death = 0; death < 9; death++)
        {
            waits.Add(policy.Died(TimeSpan.Zero).TotalSeconds);
            time.Advance(TimeSpan.FromSeconds(30));
        }

        Assert.Equal([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30], waits, (a, b) => Math.Abs(a - b) < 0.001);
    }

    [Fact]
    public void A_minute_of_life_resets_the_back_off()
    {
        policy.Died(TimeSpan.Zero);
        policy.Died(TimeSpan.Zero);

        Assert.Equal(RestartPolicy.First, policy.Died(RestartPolicy.Recovered));
    }

    [Fact]
    public void Eight_deaths_within_two_minutes_are_a_crash_loop_and_end_the_storm()
    {
        for (var death = 1; death < RestartPolicy.LoopDeaths; death++)
        {
            policy.Died(TimeSpan.Zero);
            Assert.False(policy.IsCrashLoop);
            time.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal(RestartPolicy.Longest, policy.Died(TimeSpan.Zero));
        Assert.True(policy.IsCrashLoop);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_clock_that_is_set_makes_no_crash_loop_and_hides_none(int hours)
    {
        var clock = new SetClock(time);
        var set = new RestartPolicy(clock);
        for (var death = 1; death < RestartPolicy.LoopDeaths; death++)
        {
            set.Died(TimeSpan.Zero);
        }

        clock.Skew = TimeSpan.FromHours(hours);
        set.Died(TimeSpan.Zero);
        Assert.True(set.IsCrashLoop);

        set.Died(RestartPolicy.Recovered);
        for (var death = 1; death < 20; death++)
        {
            time.Advance(TimeSpan.FromSeconds(50));
            set.Died(TimeSpan.FromSeconds(50));
            Assert.False(set.IsCrashLoop);
        }
    }

    [Fact]
    public void A_crash_loop_lasts_until_the_process_lives_for_a_minute()
    {
        for (var death = 0; death < RestartPolicy.LoopDeaths; death++)
        {
            policy.Died(TimeSpan.Zero);
        }

        time.Advance(TimeSpan.FromMinutes(10));
        policy.Died(TimeSpan.Zero);
        Assert.True(policy.IsCrashLoop);
        Assert.Equal(RestartPolicy.First, policy.Died(RestartPolicy.Recovered));
        Assert.False(policy.IsCrashLoop);
    }

    /// <summary>The clock is set; elapsed time stays.</summary>
    private sealed class SetClock(TimeProvider inner) : TimeProvider
    {
        public TimeSpan Skew { get; set; }

        public override long TimestampFrequency => inner.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => inner.GetUtcNow() + Skew;

        public override long GetTimestamp() => inner.GetTimestamp();
    }
}
