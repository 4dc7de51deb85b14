using Microsoft.Extensions.Time.Testing;
using Tidepool.Core.Jobs;

namespace Tidepool.Queue.Tests.Notifications;

/// <summary>What every notification does, from where it is sent to where it is waited for.</summary>
public abstract class NotificationContract : IAsyncDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);

    protected FakeTimeProvider Time { get; } = new();

    protected abstract INotification Listener { get; }

    protected abstract INotification Button { get; }

    [Fact]
    public async Task A_notification_wakes_the_waiter()
    {
        var waiting = Listener.WaitAsync(Long, default);

        Button.Notify();

        await waiting.InTime();
    }

    [Fact]
    public async Task A_notification_without_a_waiter_ends_the_next_wait()
    {
        Button.Notify();

        await Listener.WaitAsync(Long, default).InTime();
    }

    [Fact]
    public async Task A_notification_wakes_all_waiters()
    {
        var waiting = Enumerable.Range(0, 5).Select(_ => Listener.WaitAsync(Long, default)).ToList();

        Button.Notify();

        await Task.WhenAll(waiting).InTime();
    }

    [Fact]
    public async Task A_ring_is_heard_once_by_each()
    {
        var waiting = Listener.WaitAsync(Long, default);
        Button.Notify();
        await waiting.InTime();

        var begun = Time.GetUtcNow();
        await Time.RunUntilAsync(Listener.WaitAsync(TimeSpan.FromSeconds(10), default));

        Assert.True(Time.GetUtcNow() - begun >= TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_wait_that_timed_out_leaves_the_next_ring_to_the_next_wait()
    {
        await Time.RunUntilAsync(Listener.WaitAsync(TimeSpan.FromSeconds(1), default));

        Button.Notify();

        await Listener.WaitAsync(Long, default).InTime();
    }

    [Fact]
    public async Task It_is_heard_in_the_process_that_rings_as_well()
    {
        var waiting = Listener.WaitAsync(Long, default);

        Listener.Notify();

        await waiting.InTime();
    }

    [Fact]
    public async Task A_cancelled_wait_ends_as_cancelled_and_others_go_on()
    {
        using var cancelling = new CancellationTokenSource();
        var cancelled = Listener.WaitAsync(Timeout.InfiniteTimeSpan, cancelling.Token);
        var waiting = Listener.WaitAsync(Timeout.InfiniteTimeSpan, default);
        await cancelling.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.InTime());

        Button.Notify();

        await waiting.InTime();
    }

    public async ValueTask DisposeAsync()
    {
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;
}
