using Microsoft.EntityFrameworkCore;
using Tidepool.Core.Storage;
using Tidepool.Db.Schema;

namespace Tidepool.Db.Leases;

internal sealed class LeaseStore(Database database) : ILeaseStore
{
    public Task<Lease?> TryAcquireAsync(string resource, string owner, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken) =>
        database.WriteAsync(
            db => TryAcquireAsync(db, resource, owner, now, now + duration, cancellationToken),
            lease => lease is not null,
            cancellationToken);

    public async Task<Lease?> TryRenewAsync(Lease lease, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken)
    {
        var renewed = lease with { ExpiresAt = now + duration };
        return await database.WriteAsync(
            async db => await Held(db, lease).ExecuteUpdateAsync(row => row.SetProperty(r => r.ExpiresAt, renewed.ExpiresAt), cancellationToken) == 1,
            cancellationToken)
            ? renewed
            : null;
    }

    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) =>
        database.WriteAsync(
            async db => await Held(db, lease).ExecuteUpdateAsync(row => row.SetProperty(r => r.Owner, (string?)null), cancellationToken) == 1,
            cancellationToken);

    /// <summary>
    /// Whether no other owner took the lease since; the caller asks within its own write. The expiry does not matter: it only says
    /// from when on another owner may take the lease, and that raises the epoch. So a write needs no clock, and two processes'
    /// clocks cannot disagree about it.
    /// </summary>
    public static Task<bool> IsHeldAsync(TidepoolDbContext db, Lease lease, CancellationToken cancellationToken) =>
        Held(db, lease).AnyAsync(cancellationToken);

    /// <summary>Removes the lease together with its resource, within a write of the caller's.</summary>
    public static Task ForgetAsync(TidepoolDbContext db, Lease lease, CancellationToken cancellationToken) =>
        db.Leases.Where(row => row.Resource == lease.Resource).ExecuteDeleteAsync(cancellationToken);

    /// <summary>
    /// An owner that asks twice gets the lease twice, and what it held before is void: it may be a process that died and came back
    /// under its own name.
    /// </summary>
    private static async Task<Lease?> TryAcquireAsync(
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

    private static IQueryable<LeaseRow> Held(TidepoolDbContext db, Lease lease)
    {
        var (resource, owner, epoch) = (lease.Resource, lease.Owner, lease.Epoch);
        return db.Leases.Where(row => row.Resource == resource && row.Owner == owner && row.Epoch == epoch);
    }
}
