using Tidepool.Core.Jobs;

namespace Tidepool.Queue.Doorbells;

/// <summary>
/// A doorbell within one process. A ring wakes everyone who waits; one that nobody waits for is kept for the next who does. So a
/// lone waiter may look first and wait then; where there are several, each begins to wait before it looks.
/// </summary>
internal sealed class InMemoryDoorbell(TimeProvider time) : IDoorbell
{
    private readonly Lock gate = new();
    private TaskCompletionSource next = NewRing();
    private int waiting;
    private bool kept;

    public void Ring()
    {
        TaskCompletionSource rung;
        lock (gate)
        {
            if (waiting == 0)
            {
                kept = true;
                return;
            }

            rung = next;
            next = NewRing();
            waiting = 0;
        }

        rung.SetResult();
    }

    public async Task WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task ring;
        lock (gate)
        {
            if (kept)
            {
                kept = false;
                return;
            }

            ring = next.Task;
            waiting++;
        }

        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(ring, Task.Delay(timeout, time, enough.Token));
        await enough.CancelAsync();
        lock (gate)
        {
            if (ring == next.Task)
            {
                waiting--;
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource NewRing() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
