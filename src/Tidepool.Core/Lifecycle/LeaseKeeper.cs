using Tidepool.Core.Storage;

namespace Tidepool.Core.Lifecycle;

/// <summary>Renews a lease while work goes on under it, and cancels the work once the lease is lost.</summary>
internal sealed class LeaseKeeper : IAsyncDisposable
{
    private readonly IWorkspaceStore store;
    private readonly TimeSpan duration;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource work;
    private readonly CancellationTokenSource done = new();
    private readonly Task keeping;
    private volatile Lease lease;

    public LeaseKeeper(IWorkspaceStore store, Lease lease, TimeSpan duration, TimeProvider time, CancellationToken cancellationToken)
    {
        this.store = store;
        this.lease = lease;
        this.duration = duration;
        this.time = time;
        work = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        keeping = KeepAsync();
    }

    public Lease Lease => lease;

    public bool Lost { get; private set; }

    /// <summary>Ends when the lease is lost or the run is cancelled.</summary>
    public CancellationToken Work => work.Token;

    /// <summary>
    /// To be called right before acting on the machine. A process that was paused past its lease wakes up in the middle of its
    /// work, before its timers have run; another may own the workspace by then.
    /// </summary>
    public void ThrowIfExpired()
    {
        if (time.GetUtcNow() >= lease.ExpiresAt)
        {
            Lose();
        }

        work.Token.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        await done.CancelAsync();
        await keeping;
        done.Dispose();
        work.Dispose();
        if (!Lost)
        {
            await store.ReleaseLeaseAsync(lease, CancellationToken.None);
        }
    }

    private async Task KeepAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(duration / 3, time, done.Token);
                if (!await TryRenewAsync())
                {
                    Lose();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The work has ended.
        }
    }

    private async Task<bool> TryRenewAsync()
    {
        try
        {
            if (await store.TryRenewLeaseAsync(lease, time.GetUtcNow(), duration, done.Token) is not { } renewed)
            {
                return false;
            }

            lease = renewed;
            return true;
        }
        catch (StoreException)
        {
            // While the lease has time left, so has the database to come back.
            return time.GetUtcNow() < lease.ExpiresAt;
        }
    }

    private void Lose()
    {
        Lost = true;
        work.Cancel();
    }
}
