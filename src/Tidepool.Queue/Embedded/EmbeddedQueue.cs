using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Tidepool.Core.Jobs;

namespace Tidepool.Queue.Embedded;

/// <summary>Hands jobs out of the table in which they were recorded together with their intents.</summary>
internal sealed class EmbeddedQueue(
    IJobTable table,
    [FromKeyedServices(NotificationNames.Jobs)] INotification notification,
    IOptions<QueueOptions> options,
    TimeProvider time) : IJobQueue
{
    private readonly int maxAttempts = options.Value.MaxAttempts;

    public Task SendAsync(Job job, TimeSpan delay, CancellationToken cancellationToken) =>
        table.AddAsync(job, time.GetUtcNow() + delay, cancellationToken);

    public async Task<IReadOnlyList<ReceivedJob>> ReceiveAsync(int max, TimeSpan visibility, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);

        // By elapsed time: the clock may be set while a receiver waits.
        var began = time.GetTimestamp();
        while (true)
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var notified = notification.WaitAsync(Timeout.InfiniteTimeSpan, enough.Token);
            try
            {
                var jobs = await TakeAsync(max, visibility, cancellationToken);
                var left = wait - time.GetElapsedTime(began);
                if (jobs.Count > 0 || left <= TimeSpan.Zero)
                {
                    return jobs;
                }

                await PauseAsync(notified, left, enough.Token);
            }
            finally
            {
                await enough.CancelAsync();
                await notified.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    public Task<bool> ExtendAsync(ReceivedJob job, TimeSpan visibility, CancellationToken cancellationToken) =>
        table.RescheduleAsync(job, time.GetUtcNow() + visibility, release: false, cancellationToken);

    public Task<bool> CompleteAsync(ReceivedJob job, CancellationToken cancellationToken) => table.RemoveAsync(job, cancellationToken);

    public async Task<bool> ReleaseAsync(ReceivedJob job, TimeSpan delay, CancellationToken cancellationToken)
    {
        var released = await table.RescheduleAsync(job, time.GetUtcNow() + delay, release: true, cancellationToken);
        if (released)
        {
            // Waiting receivers sleep until the time at which the hand-out would have ended.
            notification.Notify();
        }

        return released;
    }

    public Task<IReadOnlyList<DeadJob>> ListDeadAsync(int limit, CancellationToken cancellationToken) => table.ListDeadAsync(limit, cancellationToken);

    private Task<IReadOnlyList<ReceivedJob>> TakeAsync(int max, TimeSpan visibility, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return table.TakeAsync(max, now, now + visibility, maxAttempts, cancellationToken);
    }

    /// <summary>Until a notification, the time the next job becomes visible, or for as long as is left, whichever is first.</summary>
    private async Task PauseAsync(Task notified, TimeSpan left, CancellationToken cancellationToken)
    {
        var pause = await table.NextVisibleAtAsync(cancellationToken) is { } next && next - time.GetUtcNow() is var due && due < left ? due : left;
        if (pause > TimeSpan.Zero)
        {
            await Task.WhenAny(notified, Task.Delay(pause, time, cancellationToken));
        }
    }
}
