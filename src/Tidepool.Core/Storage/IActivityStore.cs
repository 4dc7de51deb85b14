using Tidepool.Core.Activities;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Storage;

/// <summary>The audit trail. <see cref="IWorkspaceStore"/> writes it together with the change that it records. It outlives its workspaces.</summary>
public interface IActivityStore
{
    /// <summary>Newest first; of one workspace, or of all if <paramref name="workspace"/> is null. One transaction.</summary>
    /// <exception cref="InvalidCursorException">This list did not give out the cursor.</exception>
    /// <exception cref="StoreException">The database cannot be read.</exception>
    Task<Page<Activity>> ListAsync(WorkspaceId? workspace, int limit, string? cursor, CancellationToken cancellationToken);
}
