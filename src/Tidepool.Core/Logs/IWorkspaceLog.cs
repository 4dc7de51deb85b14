using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Logs;

/// <summary>A line of a workspace's log: <c>lifecycle</c> or <c>console</c>.</summary>
public sealed record LogEntry(DateTimeOffset At, string Source, string Message, double? DurationMs = null);

/// <summary>The log that a workspace's user may read. Never fails the work it reports on.</summary>
public interface IWorkspaceLog
{
    Task AppendAsync(WorkspaceName workspace, IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken);

    /// <summary>The last <paramref name="tail"/> lines, oldest first; empty if there is none.</summary>
    Task<IReadOnlyList<LogEntry>> ReadAsync(WorkspaceName workspace, int tail, CancellationToken cancellationToken);
}
