using Tidepool.Core.Jobs;

namespace Tidepool.Queue.Notifications;

/// <summary>
/// Notifications within one process. One wakes all waiters; where there is no waiter, it is kept for the next. So a single waiter may
/// poll first and then wait; where there are several, each begins to wait before it polls.
/// </summary>
internal sealed class InMemoryNotification(TimeProvider time) : INotification
{
    private readonly Lock gate = new();
    private TaskCompletionSource next = NewCompletion();
    private int waiting;
    private bool kept;

    public void Notify()
    {
        TaskCompletionSource notified;
        lock (gate)
        {
            if (waiting == 0)
            {
                kept = true;
                return;
            }

            notified = next;
            next = NewCompletion();
            waiting = 0;
        }

        notified.SetResult();
    }

    public async Task WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task notified;
        lock (gate)
        {
            if (kept)
            {
                kept = false;
                return;
            }

            notified = next.Task;
            waiting++;
        }

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(notified, Task.Delay(timeout, time, enough.Token));
        await enough.CancelAsync();
        lock (gate)
        {
            if (notified == next.Task)
            {
                waiting--;
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource NewCompletion() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
