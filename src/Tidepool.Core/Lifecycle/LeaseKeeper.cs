using Tidepool.Core.Storage;

namespace Tidepool.Core.Lifecycle;

/// <summary>Renews a lease while work goes on under it, and cancels the work once the lease is lost.</summary>
internal sealed class LeaseKeeper : IAsyncDisposable
{
    private readonly ILeaseStore leases;
    private readonly TimeSpan duration;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource work;
    private readonly CancellationTokenSource done = new();
    private readonly Task keeping;
    private volatile Held held;

    /// <param name="leases">Where the lease is kept.</param>
    /// <param name="lease">As it was given.</param>
    /// <param name="asked">When it was asked for, as <paramref name="time"/> counts what passes.</param>
    /// <param name="duration">How long it is given for each time.</param>
    /// <param name="time">The worker's.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public LeaseKeeper(ILeaseStore leases, Lease lease, long asked, TimeSpan duration, TimeProvider time, CancellationToken cancellationToken)
    {
        this.leases = leases;
        held = new Held(lease, asked);
        this.duration = duration;
        this.time = time;
        work = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        keeping = KeepAsync();
    }

    public Lease Lease => held.Lease;

    public bool Lost { get; private set; }

    /// <summary>Ends when the lease is lost or the run is cancelled.</summary>
    public CancellationToken Work => work.Token;

    /// <summary>
    /// To be called right before acting on the machine, with nothing awaited between. A process that was paused past its lease wakes
    /// up in the middle of its work, before its timers have run; another worker may own the workspace by then. A clock that was set
    /// back or forward does not hide that.
    /// </summary>
    public void ThrowIfExpired()
    {
        if (time.GetUtcNow() >= held.Lease.ExpiresAt || time.GetElapsedTime(held.Since) >= duration)
        {
            Lose();
        }

        work.Token.ThrowIfCancellationRequested();
    }

    /// <summary>To be called when a write was refused: the workspace changed, which is nothing, or another took the lease, which ends the work.</summary>
    public async Task ConfirmAsync()
    {
        if (!await TryRenewAsync())
        {
            Lose();
        }

        work.Token.ThrowIfCancellationRequested();
    }

    public async ValueTask DisposeAsync()
    {
        End();
        await keeping;
        done.Dispose();
        work.Dispose();
        if (!Lost)
        {
            await leases.ReleaseAsync(held.Lease, CancellationToken.None);
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
            var asked = time.GetTimestamp();
            if (await leases.TryRenewAsync(held.Lease, time.GetUtcNow(), duration, done.Token) is not { } renewed)
            {
                return false;
            }

            held = new Held(renewed, asked);
            return true;
        }
        catch (StoreException)
        {
            // While the lease has time left, so has the database to come back.
            return time.GetUtcNow() < held.Lease.ExpiresAt;
        }
    }

    /// <summary>On this thread: nothing slow hangs on it, and a test that owns the threads can follow.</summary>
    private void End() => done.Cancel();

    private void Lose()
    {
        Lost = true;
        work.Cancel();
    }

    /// <summary>The lease, and when it was last asked for by the time that passes whatever the clock is set to.</summary>
    private sealed record Held(Lease Lease, long Since);
}
