using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Logs;

/// <summary>The logs that the user may read, one for each workspace. Never fails the work it reports on. One process writes, any may read.</summary>
public interface IWorkspaceLog
{
    Task AppendAsync(WorkspaceName workspace, IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken);

    /// <summary>The last <paramref name="tail"/> lines; none if there is no log.</summary>
    Task<LogPage> ReadTailAsync(WorkspaceName workspace, int tail, CancellationToken cancellationToken);

    /// <summary>Some of the lines after a position; none only where nothing is new. From the beginning where the position is not there any more.</summary>
    Task<LogPage> ReadAfterAsync(WorkspaceName workspace, LogPosition after, CancellationToken cancellationToken);

    /// <summary>The names that there are logs of.</summary>
    IReadOnlyList<WorkspaceName> Names();

    /// <summary>Sets the log of a deleted workspace aside, so that the next workspace of that name begins a new log. The newest are kept for a while.</summary>
    Task RetireAsync(WorkspaceName workspace, CancellationToken cancellationToken);
}
