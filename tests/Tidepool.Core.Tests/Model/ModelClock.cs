using Microsoft.Extensions.Time.Testing;

namespace Tidepool.Core.Tests.Model;

/// <summary>The host's time. Its clock can be set; what has passed since cannot.</summary>
internal sealed class ModelClock() : FakeTimeProvider(Sample.Start)
{
    private readonly List<(TimeSpan At, bool Forward)> settings = [];
    private TimeSpan skew;

    /// <summary>How much time has passed, whatever the clock was set to.</summary>
    public TimeSpan Passed => base.GetUtcNow() - Start;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + skew;

    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public void Set(TimeSpan by)
    {
        skew += by;
        settings.Add((Passed, by > TimeSpan.Zero));
    }

    /// <summary>
    /// Whether the clock was lately set forward and back. A lease goes by the clock: another worker takes it in between, and its holder,
    /// which was busy meanwhile, cannot know. The store refuses the holder's writes all the same.
    /// </summary>
    public bool WentBothWaysWithin(TimeSpan time)
    {
        var lately = settings.Where(s => Passed - s.At <= time).Select(s => s.Forward).Distinct();
        return lately.Count() > 1;
    }
}

/// <summary>The time as one worker sees it: while it is paused its timers wait, and after its death they are forgotten.</summary>
internal sealed class WorkerClock(ModelClock host, ModelWorker worker) : TimeProvider
{
    public override long TimestampFrequency => host.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => host.GetUtcNow();

    public override long GetTimestamp() => host.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        host.CreateTimer(fired => worker.Wake(() => callback(fired)), state, dueTime, period);
}
