using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Capacity;

/// <summary>Workspaces by when they were last used. A workspace that never was counts from when it was made.</summary>
public static class AccessOrder
{
    public static DateTimeOffset Last(Workspace workspace) => workspace.LastAccessedAt ?? workspace.CreatedAt;

    public static IEnumerable<Workspace> NewestFirst(IEnumerable<Workspace> workspaces) =>
        workspaces.OrderByDescending(Last).ThenByDescending(workspace => workspace.Id.Value);

    /// <summary>The workspace to stop where room is needed: of those that take it, the least recently used.</summary>
    public static Workspace? LeastRecent(IEnumerable<Workspace> workspaces, WorkspaceId? except = null) =>
        NewestFirst(workspaces.Where(workspace => CapacityAmount.IsRunning(workspace) && workspace.Id != except)).LastOrDefault();
}
