using Tidepool.Core.Activities;
using Tidepool.Core.Capacity;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Storage;

/// <summary>The outcome of writing an intent that takes capacity.</summary>
public abstract record AdmissionOutcome
{
    private AdmissionOutcome()
    {
    }

    public sealed record Saved : AdmissionOutcome;

    /// <summary>The workspace has changed since or is gone: decide again on the stored state.</summary>
    public sealed record Outdated : AdmissionOutcome;

    public sealed record Refused(Refusal Refusal) : AdmissionOutcome;
}

/// <summary>
/// Workspaces, each with its activity and its job. Each member is one transaction. Writes are compare-and-set on
/// <see cref="Workspace.Version"/> and keep every property that they are given, but for the id, the name and the time of creation,
/// which never change; the store itself raises version and revision. A failing database throws <see cref="StoreException"/>.
/// </summary>
public interface IWorkspaceStore
{
    /// <summary>Null if there is no such workspace.</summary>
    Task<Workspace?> FindAsync(WorkspaceId id, CancellationToken cancellationToken);

    /// <summary>Null if no workspace has that name.</summary>
    Task<Workspace?> FindByNameAsync(WorkspaceName name, CancellationToken cancellationToken);

    /// <summary>Newest first.</summary>
    /// <exception cref="InvalidCursorException">This list did not give out the cursor.</exception>
    Task<Page<Workspace>> ListAsync(int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>Every workspace, in the order of their last changes.</summary>
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

    /// <summary>Forgets a workspace whose instance is gone, and its lease; leaves a <see cref="Removal"/>. False if the workspace has changed since or is gone, or the lease is no longer held.</summary>
    Task<bool> TryRemoveAsync(Lease lease, Workspace workspace, Activity activity, CancellationToken cancellationToken);
}
