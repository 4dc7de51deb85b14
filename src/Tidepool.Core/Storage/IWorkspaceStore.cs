using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Storage;

/// <summary>A right to act on one resource until it expires. Its epoch rises with every new holder; writes carry it.</summary>
public sealed record Lease(string Resource, string Owner, long Epoch, DateTimeOffset ExpiresAt);

/// <summary>A page of a list, and where the next one begins; null on the last.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>How writing a wish ended that takes room.</summary>
public abstract record AdmissionOutcome
{
    private AdmissionOutcome()
    {
    }

    public sealed record Saved : AdmissionOutcome;

    /// <summary>The workspace has changed since or is gone: decide again on what is there now.</summary>
    public sealed record Outdated : AdmissionOutcome;

    public sealed record Refused(Refusal Refusal) : AdmissionOutcome;
}

/// <summary>A workspace that is gone, for those who follow changes.</summary>
public sealed record Removal(WorkspaceId Id, WorkspaceName Name, long Revision);

/// <summary>What changed after a revision. <see cref="Revision"/> is where to go on from.</summary>
public sealed record ChangeSet(long Revision, IReadOnlyList<Workspace> Changed, IReadOnlyList<Removal> Removed);

/// <summary>The cursor is not one that this store gave out.</summary>
public sealed class InvalidCursorException() : Exception("The cursor is not one that this list gave out. Leave it away to begin at the start.");

/// <summary>
/// Workspaces, their leases and their activity. Each member is one transaction. Writes are compare-and-set on
/// <see cref="Workspace.Version"/>; the store itself raises version and revision. A failing database throws
/// <see cref="StoreException"/>.
/// </summary>
public interface IWorkspaceStore
{
    Task<Workspace?> FindAsync(WorkspaceId id, CancellationToken cancellationToken);

    Task<Workspace?> FindByNameAsync(WorkspaceName name, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    /// <exception cref="InvalidCursorException">The cursor is not ours.</exception>
    Task<Page<Workspace>> ListAsync(int limit, string? cursor, CancellationToken cancellationToken);

    Task<IReadOnlyList<Workspace>> ListAllAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Adds the workspace, its activity and its job, if the name is free, fewer than <paramref name="limit"/> exist and
    /// <paramref name="budget"/> has room: asked in the transaction that writes, so requests at once cannot overbook.
    /// </summary>
    Task<AdmissionOutcome> AddAsync(Workspace workspace, Activity activity, int limit, CapacityBudget budget, CancellationToken cancellationToken);

    /// <summary>Writes what the user wants, with its activity and its job, if the budget has room for it; as <see cref="AddAsync"/> asks.</summary>
    Task<AdmissionOutcome> AdmitAsync(Workspace workspace, Activity activity, CapacityBudget budget, CancellationToken cancellationToken);

    /// <summary>Writes what is wanted where that takes no room, with its activity and its job. False if the workspace has changed since or is gone.</summary>
    Task<bool> TrySaveIntentAsync(Workspace workspace, Activity activity, CancellationToken cancellationToken);

    /// <summary>Writes what was seen. False if the workspace has changed since or is gone, or the lease is no longer held.</summary>
    Task<bool> TrySaveObservationAsync(Lease lease, Workspace workspace, Activity? activity, CancellationToken cancellationToken);

    /// <summary>Writes on which of its ports something answers: no lease is needed, for nothing follows from it. False if it has changed since or is gone.</summary>
    Task<bool> TrySavePortsSeenAsync(Workspace workspace, CancellationToken cancellationToken);

    /// <summary>
    /// Writes when it was last used, whatever else has changed about it; needs no lease, for nothing follows from it. False if it
    /// is known to have been used later, or is gone.
    /// </summary>
    Task<bool> TrySaveAccessAsync(WorkspaceId id, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Forgets a workspace whose instance is gone and leaves a <see cref="Removal"/>. False as above.</summary>
    Task<bool> TryRemoveAsync(Lease lease, Workspace workspace, Activity activity, CancellationToken cancellationToken);

    /// <summary>Everything that changed after <paramref name="revision"/>; with 0, everything there is.</summary>
    Task<ChangeSet> ReadChangesAsync(long revision, CancellationToken cancellationToken);

    /// <summary>Newest first; of one workspace or of all.</summary>
    /// <exception cref="InvalidCursorException">The cursor is not ours.</exception>
    Task<Page<Activity>> ListActivityAsync(WorkspaceId? workspace, int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>The lease, if nobody else holds it at <paramref name="now"/>; null if somebody does.</summary>
    Task<Lease?> TryAcquireLeaseAsync(string resource, string owner, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>The lease with a later expiry; null if it has passed to another.</summary>
    Task<Lease?> TryRenewLeaseAsync(Lease lease, DateTimeOffset now, TimeSpan duration, CancellationToken cancellationToken);

    Task ReleaseLeaseAsync(Lease lease, CancellationToken cancellationToken);
}

/// <summary>The database cannot be reached or failed; trying again can help.</summary>
public sealed class StoreException(string message, Exception inner) : Exception(message, inner)
{
    /// <summary>Whether it is for want of space that nothing could be written; what was there before is whole.</summary>
    public bool IsDiskFull { get; init; }
}
