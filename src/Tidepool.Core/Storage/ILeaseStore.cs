namespace Tidepool.Core.Storage;

/// <summary>A right to act on one resource until it expires. Its epoch rises with every new holder; writes carry it.</summary>
public sealed record Lease(string Resource, string Owner, long Epoch, DateTimeOffset ExpiresAt);

/// <summary>
/// The leases: which worker may act on a resource. Each member is one transaction. A failing database throws <see cref="StoreException"/>.
/// </summary>
public interface ILeaseStore
{
    /// <summary>
    /// The lease under a new epoch, until <paramref name="now"/> plus <paramref name="duration"/>; null if another owner holds it at
    /// <paramref name="now"/>. An owner that asks again gets it again, and its earlier lease is void.
    /// </summary>
    Task<Lease?> TryAcquireAsync(string resource, string owner, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>The lease with a later expiry; null if another has taken it since. An expired lease that no other owner took is renewed.</summary>
    Task<Lease?> TryRenewAsync(Lease lease, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Gives the lease back. Does nothing if another has taken it since.</summary>
    Task ReleaseAsync(Lease lease, CancellationToken cancellationToken);
}
