using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Accesses;

/// <summary>A workspace was used through the proxy.</summary>
public sealed record Access(WorkspaceName Workspace, DateTimeOffset At);

/// <summary>The proxy's record of which workspace was used when.</summary>
public interface IAccessLog
{
    /// <summary>
    /// What was noted since the last call; at the first call all that is still there. May tell something twice, and what cannot
    /// be read now comes with a later call. Never throws but when cancelled.
    /// </summary>
    Task<IReadOnlyList<Access>> ReadAsync(CancellationToken cancellationToken);
}
