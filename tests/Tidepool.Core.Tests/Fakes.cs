using System.Net;
using Tidepool.Core.Routing;
using Tidepool.Core.Runtime;

namespace Tidepool.Core.Tests;

internal sealed class NoRoutes : IRouteTable
{
    public Task<bool> RefreshAsync(CancellationToken cancellationToken) => Task.FromResult(false);

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
