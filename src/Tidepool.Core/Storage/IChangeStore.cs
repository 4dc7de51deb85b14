using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Storage;

/// <summary>A deleted workspace, for the followers of changes.</summary>
public sealed record Removal(WorkspaceId Id, WorkspaceName Name, long Revision);

/// <summary>What changed after a revision. <see cref="Revision"/> is where to go on from.</summary>
public sealed record ChangeSet(long Revision, IReadOnlyList<Workspace> Changed, IReadOnlyList<Removal> Removed);

/// <summary>The changes to all workspaces in their order, for the followers of changes.</summary>
public interface IChangeStore
{
    /// <summary>
    /// Everything that changed after <paramref name="revision"/>; with 0, every workspace and no removal. One transaction, so a
    /// follower that goes on from <see cref="ChangeSet.Revision"/> misses nothing.
    /// </summary>
    /// <exception cref="StoreException">The database cannot be read.</exception>
    Task<ChangeSet> ReadAsync(long revision, CancellationToken cancellationToken);
}
