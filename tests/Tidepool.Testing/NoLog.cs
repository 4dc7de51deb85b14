using Tidepool.Core.Logs;
using Tidepool.Core.Workspaces;

namespace Tidepool.Testing;

/// <summary>A log that drops every line.</summary>
public class NoLog : IWorkspaceLog
{
    public virtual Task AppendAsync(WorkspaceName workspace, IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<LogPage> ReadTailAsync(WorkspaceName workspace, int tail, CancellationToken cancellationToken) => Task.FromResult(new LogPage([], default));

    public Task<LogPage> ReadAfterAsync(WorkspaceName workspace, LogPosition after, CancellationToken cancellationToken) => Task.FromResult(new LogPage([], after));

    public IReadOnlyList<WorkspaceName> Names() => [];

    public Task RetireAsync(WorkspaceName workspace, CancellationToken cancellationToken) => Task.CompletedTask;
}
