namespace Tidepool.Core.Jobs;

/// <summary>Lets one reconcile run of a workspace go on while at most one more waits.</summary>
internal sealed class WorkspaceQueue
{
    private readonly Lock gate = new();
    private Task last = Task.CompletedTask;
    private bool waiting;

    /// <summary>Takes the waiting place; false if it is taken.</summary>
    public bool TryQueue()
    {
        lock (gate)
        {
            return !waiting && (waiting = true);
        }
    }

    /// <summary>Waits for the turn, gives the waiting place free, and runs. To be called once after each <see cref="TryQueue"/> that was true.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task before;
        lock (gate)
        {
            before = last;
            last = mine.Task;
        }

        try
        {
            await before;
            lock (gate)
            {
                waiting = false;
            }

            return await work();
        }
        finally
        {
            mine.SetResult();
        }
    }
}
