using System.Net;
using Tidepool.Core.Logs;
using Tidepool.Core.Routing;
using Tidepool.Core.Runtime;
using Tidepool.Core.Workspaces;

namespace Tidepool.Core.Tests;

internal sealed class NoRoutes : IRouteTable
{
    public Task<bool> ApplyAsync(IReadOnlyList<WorkspaceRoute> wanted, CancellationToken cancellationToken) => Task.FromResult(false);
}

internal sealed class OneImage : IImageCatalog
{
    public RuntimeImage? Find(string name) => new(name, "1234", AppContext.BaseDirectory);
}

internal sealed class AlwaysReady : IReadinessProbe
{
    public Task<bool> IsReadyAsync(IPAddress address, CancellationToken cancellationToken) => Task.FromResult(true);
}

internal class NoLog : IWorkspaceLog
{
    public virtual Task AppendAsync(WorkspaceName workspace, IReadOnlyList<LogEntry> entries, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<LogPage> ReadTailAsync(WorkspaceName workspace, int tail, CancellationToken cancellationToken) => Task.FromResult(new LogPage([], default));

    public Task<LogPage> ReadAfterAsync(WorkspaceName workspace, LogPosition after, CancellationToken cancellationToken) => Task.FromResult(new LogPage([], after));

    public IReadOnlyList<WorkspaceName> Names() => [];

    public Task RetireAsync(WorkspaceName workspace, CancellationToken cancellationToken) => Task.CompletedTask;
}
