namespace Tidepool.Testing;

/// <summary>A host's time: the clock can be set, what has passed since cannot; and all of it may run faster than the real one.</summary>
/// <param name="inner">The time that really passes.</param>
/// <param name="speed">How many seconds of this time pass in each of those.</param>
public sealed class HostClock(TimeProvider inner, int speed = 1) : TimeProvider
{
    private readonly long began = inner.GetTimestamp();
    private readonly DateTimeOffset start = inner.GetUtcNow();
    private long skew;

    public override long TimestampFrequency => inner.TimestampFrequency / speed;

    public override long GetTimestamp() => inner.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => start + (inner.GetElapsedTime(began) * speed) + TimeSpan.FromTicks(Interlocked.Read(ref skew));

    /// <summary>Sets the clock forward, or back.</summary>
    public void Set(TimeSpan by) => Interlocked.Add(ref skew, by.Ticks);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new ScaledTimer(inner.CreateTimer(callback, state, Scaled(dueTime), Scaled(period)), this);

    private TimeSpan Scaled(TimeSpan time) => time <= TimeSpan.Zero ? time : time / speed;

    private sealed class ScaledTimer(ITimer inner, HostClock clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(clock.Scaled(dueTime), clock.Scaled(period));

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
