using Microsoft.EntityFrameworkCore;
using Tidepool.Core.Storage;
using Tidepool.Db.Schema;

namespace Tidepool.Db.Leases;

/// <summary>Leases, to be asked for and given within a write.</summary>
internal static class LeaseTable
{
    /// <summary>
    /// The lease, under a new epoch, unless another holds it. One owner that asks twice gets it twice, and what it held before is
    /// void: it may be a process that died and came back under its own name.
    /// </summary>
    public static async Task<Lease?> TryAcquireAsync(
        TidepoolDbContext db, string resource, string owner, DateTimeOffset now, DateTimeOffset expiresAt, CancellationToken cancellationToken)
    {
        var taken = await db.Leases
            .Where(row => row.Resource == resource && (row.Owner == null || row.Owner == owner || row.ExpiresAt <= now))
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(r => r.Owner, owner)
                    .SetProperty(r => r.Epoch, r => r.Epoch + 1)
                    .SetProperty(r => r.ExpiresAt, expiresAt),
                cancellationToken);
        var epoch = await db.Leases
            .Where(row => row.Resource == resource)
            .Select(row => (long?)row.Epoch)
            .SingleOrDefaultAsync(cancellationToken);
        if (taken == 0 && epoch is not null)
        {
            return null;
        }

        if (epoch is null)
        {
            epoch = 1;
            db.Leases.Add(new LeaseRow { Resource = resource, Owner = owner, Epoch = epoch.Value, ExpiresAt = expiresAt });
            await db.SaveChangesAsync(cancellationToken);
        }

        return new Lease(resource, owner, epoch.Value, expiresAt);
    }

    /// <summary>A lease that has run out but that nobody took since is still renewed: nothing happened that its holder could have missed.</summary>
    public static async Task<bool> TryRenewAsync(TidepoolDbContext db, Lease lease, DateTimeOffset expiresAt, CancellationToken cancellationToken) =>
        await Held(db, lease).ExecuteUpdateAsync(row => row.SetProperty(r => r.ExpiresAt, expiresAt), cancellationToken) == 1;

    public static async Task<bool> ReleaseAsync(TidepoolDbContext db, Lease lease, CancellationToken cancellationToken) =>
        await Held(db, lease).ExecuteUpdateAsync(row => row.SetProperty(r => r.Owner, (string?)null), cancellationToken) == 1;

    /// <summary>
    /// Whether nobody took the lease since it was given. Its expiry is not asked: it only says from when on another may take it,
    /// and that raises the epoch. So a write needs no clock, and two processes' clocks cannot disagree about it.
    /// </summary>
    public static Task<bool> IsHeldAsync(TidepoolDbContext db, Lease lease, CancellationToken cancellationToken) =>
        Held(db, lease).AnyAsync(cancellationToken);

    public static Task ForgetAsync(TidepoolDbContext db, Lease lease, CancellationToken cancellationToken) =>
        db.Leases.Where(row => row.Resource == lease.Resource).ExecuteDeleteAsync(cancellationToken);

    private static IQueryable<LeaseRow> Held(TidepoolDbContext db, Lease lease)
    {
        var (resource, owner, epoch) = (lease.Resource, lease.Owner, lease.Epoch);
        return db.Leases.Where(row => row.Resource == resource && row.Owner == owner && row.Epoch == epoch);
    }
}
