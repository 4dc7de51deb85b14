namespace Tidepool.Worker.Jobs;

/// <summary>Lets one look at a workspace run while at most one more waits.</summary>
internal sealed class WorkspaceTurn
{
    private readonly SemaphoreSlim turn = new(1);
    private int waiting;

    /// <summary>Takes the waiting place; false if it is taken.</summary>
    public bool TryQueue() => Interlocked.CompareExchange(ref waiting, 1, 0) == 0;

    /// <summary>Waits for the turn, gives the waiting place free, and runs.</summary>
    public async Task<T> RunAsync<T>(Func<Task<T>> work, CancellationToken cancellationToken)
    {
        try
        {
            await turn.WaitAsync(cancellationToken);
        }
        finally
        {
            Volatile.Write(ref waiting, 0);
        }

        try
        {
            return await work();
        }
        finally
        {
            turn.Release();
        }
    }
}
