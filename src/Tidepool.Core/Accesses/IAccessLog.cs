using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Accesses;

/// <summary>A workspace was used through the proxy.</summary>
public sealed record Access(WorkspaceName Workspace, DateTimeOffset At);

/// <summary>The proxy's record of which workspace was used when.</summary>
public interface IAccessLog
{
    /// <summary>
    /// The uses recorded since the last call; at the first call all that are still there. May report a use twice. What cannot be
    /// read now comes with a later call. Throws only when cancelled.
    /// </summary>
    Task<IReadOnlyList<Access>> ReadAsync(CancellationToken cancellationToken);
}
